import { ZtlError } from "../errors.ts";
import {
  COMMIT_ATTEMPTS_MAX,
  GROUP_BYTES_MAX,
  GROUP_ENTRIES_MAX,
  QUEUE_BYTES_MAX,
  QUEUE_ENTRIES_MAX,
} from "./limits.ts";
import { type Entry, placeEntry, type SealedDraft } from "./record/entry.ts";
import { hex } from "./record/fields.ts";
import { keyIdOf, signHead } from "./record/head.ts";
import type { SigningKey } from "./store/signing-key.ts";
import type { Group, LedgerStore, StoredEntry } from "./store/store.ts";
import { readTip, type Tip } from "./tip.ts";

interface Pending {
  readonly draft: SealedDraft;
  readonly bytes: number;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: unknown) => void;
}

interface PlacedGroup {
  readonly stored: Group;
  readonly entries: readonly Entry[];
  readonly tip: Tip;
}

/**
 * Puts entries that arrive together into one transaction with one signed head and one fsync. While a group is being written the
 * next one gathers, so the slower the disk, the larger the groups.
 */
export class GroupCommit {
  readonly #store: LedgerStore;
  readonly #key: SigningKey;
  readonly #keyId: string;
  readonly #now: () => number;
  #tip: Tip;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #draining: Promise<void> | undefined;

  constructor(store: LedgerStore, key: SigningKey, now: () => number) {
    this.#store = store;
    this.#key = key;
    this.#keyId = keyIdOf(key.publicKey);
    this.#now = now;
    this.#tip = readTip(store, key.publicKey);
  }

  /** As of the last group that this process wrote or met. */
  get tip(): Tip {
    return this.#tip;
  }

  /** Resolved when durable, in the order of the calls. Throws ZtlError `ledger-queue-full` at once when too many wait. */
  add(draft: SealedDraft): Promise<Entry> {
    const bytes = draft.bodyText.length;
    if (this.#queue.length >= QUEUE_ENTRIES_MAX || this.#queuedBytes + bytes > QUEUE_BYTES_MAX) {
      throw new ZtlError(
        "ledger-queue-full",
        `${this.#queue.length} entries (${this.#queuedBytes} bytes) wait to be written: the disk does not keep up. Try again later`,
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ draft, bytes, resolve, reject });
      this.#queuedBytes += bytes;
      this.#draining ??= this.#drain();
    });
  }

  /** Resolved when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whatever else this turn of the event loop appends comes along.
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.#takeGroup();
      try {
        const entries = await this.#write(group.map(({ draft }) => draft));
        entries.forEach((entry, i) => group[i]?.resolve(entry));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#draining = undefined;
  }

  #takeGroup(): Pending[] {
    let count = 0;
    let bytes = 0;
    for (const one of this.#queue) {
      if (count > 0 && (count >= GROUP_ENTRIES_MAX || bytes + one.bytes > GROUP_BYTES_MAX)) break;
      count++;
      bytes += one.bytes;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #write(drafts: readonly SealedDraft[]): Promise<readonly Entry[]> {
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS_MAX; attempt++) {
      const group = this.#place(drafts);
      try {
        await this.#store.commit(group.stored);
        this.#tip = group.tip;
        return group.entries;
      } catch (error) {
        if (!ZtlError.isInstance(error) || error.code !== "ledger-moved") throw error;
        this.#tip = readTip(this.#store, this.#key.publicKey);
      }
    }
    throw new ZtlError(
      "ledger-busy",
      `Other processes were faster ${COMMIT_ATTEMPTS_MAX} times in a row. Try again later`,
    );
  }

  #place(drafts: readonly SealedDraft[]): PlacedGroup {
    const frontier = this.#tip.frontier.copy();
    let lastHash = this.#tip.lastHash;
    const entries: Entry[] = [];
    const stored = drafts.map((draft): StoredEntry => {
      const placed = placeEntry(draft, frontier.size, lastHash);
      frontier.append(placed.hash);
      lastHash = placed.hash;
      entries.push(placed.entry);
      const { index, time, kind, runId = null, agent = null } = placed.entry;
      return { index, hash: placed.hash, time, kind, runId, agent, bytes: placed.bytes };
    });
    const number = this.#tip.head === undefined ? 0 : this.#tip.head.number + 1;
    const time = new Date(this.#now()).toISOString();
    const statement = { ledgerId: this.#store.ledgerId, number, size: frontier.size, time };
    const hashes = { rootHash: hex(frontier.root()), lastHash: hex(lastHash), keyId: this.#keyId };
    const head = signHead({ ...statement, ...hashes }, this.#key.privateKey);
    const group = { entries: stored, head: { number, line: head.line, peaks: frontier.encode() } };
    return { stored: group, entries, tip: { head, frontier, lastHash } };
  }
}
