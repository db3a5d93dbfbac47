import { ZtlError } from "../errors.ts";
import { DecisionCheck } from "./decisions/decision-check.ts";
import { KNOWN_BLOBS_MAX, PAGE_ENTRIES } from "./limits.ts";
import { Frontier, type Hash, sameHash } from "./merkle/tree.ts";
import { contentsOf } from "./record/contents-of.ts";
import { type Entry, kindOf, parseEntry } from "./record/entry.ts";
import { isSignedBy, isSignedByAsync, keyIdOf, parseHead, type SignedHead } from "./record/head.ts";
import { hex } from "./record/hex.ts";
import { genesisHash } from "./record/place.ts";
import type { Extent, LedgerStore, StoredEntry, StoredHead } from "./store/store.ts";
import type { Problem, ProblemCode, Verification, VerifyOptions } from "./verification.ts";

/**
 * Checks a whole ledger in one pass and bounded memory, trusting only the public key: each entry's bytes, place, chain and search
 * columns; each head's signature, number and root; blobs; the anchor. Stops at the first problem. Entries that are appended
 * meanwhile are left for the next time.
 *
 * A ledger that was put back as a whole to an earlier state is whole: only an anchor kept elsewhere can tell.
 */
export async function verify(store: LedgerStore, options: VerifyOptions): Promise<Verification> {
  const verifier = new Verifier(store, options);
  try {
    return await verifier.run();
  } catch (error) {
    if (error instanceof Found) return { ok: false, problem: error.problem };
    // Whatever a damaged store makes the reader stumble over is itself the finding.
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: { code: "store-damaged", index: verifier.position, message } };
  }
}

/** Carries a problem out of the depth of the pass. */
class Found extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, index: number | undefined, message: string) {
    super(message);
    this.problem = { code, index, message };
  }
}

/** A head that the ledger must pass through, from outside the table of heads. */
interface Waypoint {
  readonly head: SignedHead;
  readonly code: "anchor-wrong" | "note-wrong";
  readonly what: string;
}

interface SeenHead {
  readonly stored: StoredHead;
  readonly head: SignedHead;
}

class Verifier {
  readonly #store: LedgerStore;
  readonly #options: VerifyOptions;
  readonly #keyId: string;
  readonly #frontier = new Frontier();
  readonly #blobs = new Set<string>();
  #blobCount = 0;
  #previous: Hash;
  /** Number of the last head there was when the pass began. */
  #lastNumber = -1;
  #heads: StoredHead[] = [];
  #next: SeenHead | undefined;
  #signatures: { readonly number: number; readonly covered: number; readonly isGood: Promise<boolean> }[] = [];
  #headCount = 0;
  #lastHead: SignedHead | undefined;
  #waypoints: Waypoint[] = [];
  /** Entries without content that no erasure has named so far. */
  readonly #erased = new Set<number>();
  readonly #decisions: DecisionCheck;

  constructor(store: LedgerStore, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
    this.#keyId = keyIdOf(options.publicKey);
    this.#previous = genesisHash(store.ledgerId);
    this.#decisions = new DecisionCheck(store.ledgerId);
  }

  /** The entry being looked at. */
  get position(): number {
    return this.#frontier.size;
  }

  async run(): Promise<Verification> {
    // The note is read before the extent: what is appended in between does not look like something cut.
    const note = this.#store.notedHead();
    const extent = this.#store.extent();
    this.#lastNumber = extent.head?.number ?? -1;
    this.#collectWaypoints(note, extent);
    this.#passWaypoints();
    const size = extent.lastIndex === undefined ? 0 : extent.lastIndex + 1;
    if (extent.firstIndex !== undefined && extent.firstIndex < 0) {
      throw new Found(
        "entry-misplaced",
        extent.firstIndex,
        `There is an entry ${extent.firstIndex} before the first one`,
      );
    }
    while (this.position < size) await this.#withSignatures(() => this.#page(size));
    await this.#withSignatures(async () => this.#expectEnd());
    const [bare] = this.#erased;
    if (bare !== undefined)
      throw new Found("entry-erased", bare, `Entry ${bare} has no content, and no later entry says that it was erased`);
    const damage = this.#store.inspect();
    if (damage.length > 0) throw new Found("store-damaged", undefined, `The store is damaged: ${damage.join("; ")}`);
    const { unproven, count: decisions } = this.#decisions;
    if (unproven.length > 0) return { ok: false, problem: this.#unprovenProblem(), unproven };
    return { ok: true, entries: size, heads: this.#headCount, blobs: this.#blobCount, decisions, head: this.#lastHead };
  }

  /** Told last: entries that are what was recorded may still say what nobody decided. */
  #unprovenProblem(): Problem {
    const { unproven, unprovenCount } = this.#decisions;
    const named = unproven.slice(0, 5).map(({ index, reviewer, why }) => `entry ${index} (${reviewer}): ${why}`);
    const more = unprovenCount > named.length ? `; and ${unprovenCount - named.length} more` : "";
    const message = `Decisions that are not proven: ${named.join("; ")}${more}`;
    return { code: "decision-unproven", index: unproven[0]?.index, message };
  }

  /** Signatures are checked beside the pass; one that is wrong comes before whatever the pass met later. */
  async #withSignatures(pass: () => Promise<void>): Promise<void> {
    try {
      await pass();
    } catch (error) {
      await this.#expectSignatures();
      throw error;
    }
    await this.#expectSignatures();
  }

  async #expectSignatures(): Promise<void> {
    const signatures = this.#signatures;
    this.#signatures = [];
    for (const { number, covered, isGood } of signatures) {
      if (!(await isGood)) throw new Found("head-wrong", covered, `Head ${number} has a wrong signature`);
    }
  }

  async #page(size: number): Promise<void> {
    const from = this.position;
    const page = this.#store.entries({ fromIndex: from, toIndex: size, limit: PAGE_ENTRIES });
    if (page.length === 0) throw new Found("entry-removed", from, `Entry ${from} is missing`);
    for (const stored of page) {
      const entry = this.#checkEntry(stored);
      this.#noteErased(entry);
      if (this.#options.blobs !== false) await this.#checkBlobs(entry);
      this.#decisions.take(entry);
      this.#previous = stored.hash;
      this.#frontier.append(stored.hash);
      this.#passHeads();
      this.#passWaypoints();
    }
    // Lets the rest of the process have its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #checkEntry(stored: StoredEntry): Entry {
    const index = this.position;
    if (stored.index !== index)
      throw new Found("entry-removed", index, `Entry ${index} is missing; ${stored.index} follows`);
    const entry = readEntry(stored.bytes, index);
    if (entry.index !== index) {
      throw new Found("entry-misplaced", index, `At place ${index} there is what was recorded as entry ${entry.index}`);
    }
    if (entry.hash !== hex(stored.hash))
      throw new Found("entry-changed", index, `Entry ${index} does not have its hash`);
    if (entry.previousHash !== hex(this.#previous)) {
      const before = index === 0 ? "the beginning of this ledger" : `entry ${index - 1}`;
      throw new Found("chain-broken", index, `Entry ${index} does not follow ${before}: one of the two was replaced`);
    }
    const { time, runId = null, agent = null } = entry;
    if (stored.time !== time || stored.kind !== kindOf(entry) || stored.runId !== runId || stored.agent !== agent) {
      throw new Found(
        "entry-changed",
        index,
        `Entry ${index} is found under another time, kind, run or agent than it has`,
      );
    }
    return entry;
  }

  /** Content may be missing where a later entry says that it was taken out, by whom and why. */
  #noteErased(entry: Entry): void {
    if (entry.kind === "erased") this.#erased.add(entry.index);
    if (entry.kind === "erasure") for (const index of entry.body.indices) this.#erased.delete(index);
  }

  async #checkBlobs(entry: Entry): Promise<void> {
    for (const { sha256, sizeBytes, base64 } of contentsOf(entry)) {
      if (base64 !== undefined || this.#blobs.has(sha256)) continue;
      const found = await this.#store.blobs.check(sha256);
      if (found.state === "missing")
        throw new Found("blob-missing", entry.index, `Blob ${sha256} of entry ${entry.index} is missing`);
      if (found.state !== "whole" || found.sizeBytes !== sizeBytes) {
        throw new Found("blob-damaged", entry.index, `Blob ${sha256} of entry ${entry.index} is not what was recorded`);
      }
      if (this.#blobs.size >= KNOWN_BLOBS_MAX) this.#blobs.clear();
      this.#blobs.add(sha256);
      this.#blobCount++;
    }
  }

  /** Heads that cover exactly the entries seen so far. */
  #passHeads(): void {
    for (let next = this.#nextHead(); next?.head.size === this.position; next = this.#nextHead()) {
      const { head, stored } = next;
      const fits = head.rootHash === hex(this.#frontier.root()) && head.lastHash === hex(this.#previous);
      if (!fits || !sameHash(stored.peaks, this.#frontier.encode())) {
        const first = this.#lastHead?.size ?? 0;
        const range = `Entries ${first} to ${head.size - 1}`;
        throw new Found("root-mismatch", first, `${range} are not what head ${head.number} was signed for`);
      }
      this.#headCount++;
      this.#lastHead = head;
      this.#next = undefined;
    }
  }

  /** The first head that was not passed yet, checked; undefined after the last one. */
  #nextHead(): SeenHead | undefined {
    if (this.#next !== undefined || this.#headCount > this.#lastNumber) return this.#next;
    if (this.#heads.length === 0) this.#heads = this.#store.heads(this.#headCount, PAGE_ENTRIES);
    const stored = this.#heads.shift();
    const covered = this.#lastHead?.size ?? 0;
    if (stored === undefined) throw new Found("head-wrong", covered, `Head ${this.#headCount} is missing`);
    this.#next = { stored, head: this.#checkHead(stored, covered) };
    return this.#next;
  }

  #checkHead(stored: StoredHead, covered: number): SignedHead {
    const wrong = (reason: string): never => {
      throw new Found("head-wrong", covered, `Head ${this.#headCount} ${reason}`);
    };
    if (stored.number !== this.#headCount) wrong(`is missing; ${stored.number} follows`);
    const head = readHead(stored.line) ?? wrong("cannot be read");
    if (head.keyId !== this.#keyId) wrong(`is signed with key ${head.keyId}, not ${this.#keyId}`);
    if (head.ledgerId !== this.#store.ledgerId) wrong("was signed for another ledger");
    if (head.number !== stored.number) wrong(`was signed as head ${head.number}`);
    if (head.size <= covered) wrong(`covers ${head.size} entries, no more than the one before it`);
    // A signature that cannot even be checked is wrong.
    const isGood = isSignedByAsync(head, this.#options.publicKey).catch(() => false);
    this.#signatures.push({ number: head.number, covered, isGood });
    return head;
  }

  #collectWaypoints(note: string | undefined, extent: Extent): void {
    const { anchor, anchors = [] } = this.#options;
    if (anchor !== undefined) this.#addWaypoint(anchor.trim(), "anchor-wrong", "The anchor");
    for (const { name, line } of anchors) this.#addWaypoint(line, "anchor-wrong", `The anchor in ${name}`);
    if (note === undefined || (note === "" && extent.head === undefined)) return;
    // Its first write follows the first group; after that it is never empty again.
    if (note === "" && extent.head?.number === 0) return;
    this.#addWaypoint(note, "note-wrong", "The note of the last head");
  }

  #addWaypoint(line: string, code: Waypoint["code"], what: string): void {
    const head = readHead(line);
    if (head === undefined) throw new Found(code, undefined, `${what} cannot be read`);
    if (!isSignedBy(head, this.#options.publicKey))
      throw new Found(code, undefined, `${what} is not signed with this key`);
    if (head.ledgerId !== this.#store.ledgerId) throw new Found(code, undefined, `${what} is of another ledger`);
    this.#waypoints.push({ head, code, what });
  }

  #passWaypoints(): void {
    for (const { head, code, what } of this.#waypoints) {
      if (head.size !== this.position || head.rootHash === hex(this.#frontier.root())) continue;
      throw new Found(
        code,
        undefined,
        `${what} stands for ${head.size} other entries than the first ${head.size} of this ledger`,
      );
    }
    this.#waypoints = this.#waypoints.filter(({ head }) => head.size !== this.position);
  }

  /** Whole by itself: an earlier copy of everything was put back, or what came after was cut with all that tells of it. */
  #rolledBack({ what, head }: Waypoint): never {
    throw new Found(
      "ledger-rolled-back",
      this.position,
      `${what} covers ${head.size} entries; this ledger is whole, but ends at ${this.position}: it was put back to an earlier copy. ` +
        "Look for the later one (a backup, the disk it was on); what is in the state beside it is as old as this ledger",
    );
  }

  #expectEnd(): void {
    const size = this.position;
    const next = this.#nextHead();
    const beyond = this.#waypoints.find(({ code }) => code === "note-wrong") ?? this.#waypoints[0];
    if (beyond?.code === "anchor-wrong" && next === undefined) this.#rolledBack(beyond);
    const what = beyond?.what ?? (next === undefined ? undefined : `Head ${next.head.number}`);
    const covers = beyond?.head.size ?? next?.head.size;
    if (what !== undefined) {
      throw new Found("entries-truncated", size, `${what} covers ${covers} entries; only ${size} are left`);
    }
    const covered = this.#lastHead?.size ?? 0;
    if (covered < size) throw new Found("entries-unsigned", covered, `No head covers the entries from ${covered} on`);
  }
}

function readEntry(bytes: Uint8Array, index: number): Entry {
  try {
    return parseEntry(bytes);
  } catch (error) {
    const reason = ZtlError.isInstance(error) ? error.message : String(error);
    throw new Found("entry-changed", index, `Entry ${index}: ${reason}`);
  }
}

function readHead(line: string): SignedHead | undefined {
  try {
    return parseHead(line);
  } catch {
    return undefined;
  }
}
