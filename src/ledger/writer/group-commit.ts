import { ZtlError } from "../../errors.ts";
import { COMMIT_ATTEMPTS_MAX, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX } from "../limits.ts";
import { keyIdOf, signHead } from "../record/head.ts";
import { hex } from "../record/hex.ts";
import { type DraftText, type Place, placeDraft } from "../record/place.ts";
import type { SigningKey } from "../store/signing-key.ts";
import type { Group, LedgerStore, StoredEntry } from "../store/store.ts";
import { readTip, type Tip } from "../tip.ts";
import { Backlog } from "./backlog.ts";
import type { EntryWriter } from "./writer.ts";

interface Pending {
  /** Undefined for whoever only waits for the disk. */
  readonly draft: DraftText | undefined;
  readonly bytes: number;
  readonly resolve: (place: Place | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface PlacedGroup {
  readonly stored: Group;
  readonly places: readonly Place[];
  readonly tip: Tip;
}

/** Makes durable what other databases were told; begun before a group is committed, waited for before it is acknowledged. */
export type Beside = () => Promise<void>;

/**
 * Puts entries that arrive together into one transaction with one signed head and one fsync. While a group is being written the
 * next one gathers, so the slower the disk, the larger the groups.
 */
export class GroupCommit implements EntryWriter {
  readonly #store: LedgerStore;
  readonly #key: SigningKey;
  readonly #keyId: string;
  readonly #beside: Beside;
  readonly #backlog = new Backlog();
  #tip: Tip;
  #queue: Pending[] = [];
  #draining: Promise<void> | undefined;

  /** Throws what `readTip` throws. */
  constructor(store: LedgerStore, key: SigningKey, beside: Beside = async () => {}) {
    this.#store = store;
    this.#key = key;
    this.#keyId = keyIdOf(key.publicKey);
    this.#beside = beside;
    this.#tip = readTip(store, key.publicKey);
  }

  async add(draft: DraftText): Promise<Place> {
    const bytes = draft.bodyText.length;
    this.#backlog.take(bytes);
    return (await this.#enqueue(draft, bytes)) as Place;
  }

  async flush(): Promise<void> {
    await this.#enqueue(undefined, 0);
  }

  async close(): Promise<void> {
    await this.#draining;
  }

  #enqueue(draft: DraftText | undefined, bytes: number): Promise<Place | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ draft, bytes, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whatever else this turn of the event loop appends comes along.
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.#takeGroup();
      const drafts = group.flatMap(({ draft }) => draft ?? []);
      const beside = this.#beside();
      try {
        const places = drafts.length === 0 ? [] : await this.#write(drafts);
        await beside;
        let next = 0;
        for (const { draft, resolve } of group) resolve(draft === undefined ? undefined : places[next++]);
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
    const group = this.#queue.splice(0, count);
    for (const one of group) if (one.draft !== undefined) this.#backlog.give(one.bytes);
    return group;
  }

  async #write(drafts: readonly DraftText[]): Promise<readonly Place[]> {
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS_MAX; attempt++) {
      const group = this.#place(drafts);
      try {
        await this.#store.commit(group.stored);
        this.#tip = group.tip;
        return group.places;
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

  #place(drafts: readonly DraftText[]): PlacedGroup {
    const frontier = this.#tip.frontier.copy();
    let lastHash = this.#tip.lastHash;
    const places: Place[] = [];
    const entries = drafts.map((draft): StoredEntry => {
      const index = frontier.size;
      const { bytes, hash, salt } = placeDraft(draft, index, lastHash);
      places.push({ index, previousHash: hex(lastHash), hash: hex(hash), salt });
      frontier.append(hash);
      lastHash = hash;
      const { time, kind, runId = null, agent = null } = draft;
      return { index, hash, time, kind, runId, agent, bytes };
    });
    const number = this.#tip.head === undefined ? 0 : this.#tip.head.number + 1;
    const time = (drafts.at(-1) as DraftText).time;
    const statement = { ledgerId: this.#store.ledgerId, number, size: frontier.size, time };
    const hashes = { rootHash: hex(frontier.root()), lastHash: hex(lastHash), keyId: this.#keyId };
    const head = signHead({ ...statement, ...hashes }, this.#key.privateKey);
    const stored = { entries, head: { number, line: head.line, peaks: frontier.encode() } };
    return { stored, places, tip: { head, frontier, lastHash } };
  }
}
