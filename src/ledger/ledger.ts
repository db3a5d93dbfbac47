import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ZtlError } from "../errors.ts";
import { type ErasureOrder, erasable, eraseContents } from "./erasure.ts";
import { INLINE_CONTENT_BYTES_MAX, KNOWN_BLOBS_MAX, QUERY_ENTRIES_MAX } from "./limits.ts";
import { consistencyProof, inclusionProof, inclusionProofs } from "./merkle/proofs.ts";
import { HASH_BYTES } from "./merkle/tree.ts";
import { contentsOf } from "./record/contents-of.ts";
import { type Entry, type EntryDraft, entryAt, parseEntry, sealDraft } from "./record/entry.ts";
import { type Content, inlineContent } from "./record/fields.ts";
import { parseHead, type SignedHead } from "./record/head.ts";
import { hex } from "./record/hex.ts";
import { openSigningKey, type SigningKey } from "./store/signing-key.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import type { EntryFilter, LedgerStore } from "./store/store.ts";
import { readTip } from "./tip.ts";
import type { Verification, VerifyOptions } from "./verification.ts";
import { verify } from "./verify.ts";
import { GroupCommit } from "./writer/group-commit.ts";
import type { AppendOptions, EntryWriter } from "./writer/writer.ts";
import { WriterThread } from "./writer/writer-thread.ts";

const KEY_FILE = "ledger.key";

export interface LedgerOptions {
  readonly directory: string;
  /** The signing key; made when missing. Default `ledger.key` in the directory. Elsewhere is safer than beside the ledger. */
  readonly keyFile?: string;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /**
   * Paths of databases, opened with `synchronous: "later"`, that belong to what is recorded: no entry is acknowledged before
   * what was committed to them earlier is durable, too.
   */
  readonly beside?: readonly string[];
}

/** `limit` defaults to the most that one query returns, 10,000. */
export type EntryQuery = Omit<EntryFilter, "limit"> & { readonly limit?: number };

export interface InclusionProof {
  readonly entry: Entry;
  readonly head: SignedHead;
  /** Hashes on the way to the root, lowest first, hexadecimal. */
  readonly path: readonly string[];
}

export interface ConsistencyProof {
  readonly from: SignedHead;
  readonly to: SignedHead;
  readonly path: readonly string[];
}

/** The append-only, signed record of what an agent loop did. */
export class Ledger {
  readonly #store: LedgerStore;
  readonly #key: SigningKey;
  readonly #now: () => number;
  readonly #writer: EntryWriter;
  readonly #knownBlobs = new Set<string>();
  #closed = false;

  /** For a store of one's own; `Ledger.open` is the usual way. The default writer throws what `readTip` throws. */
  constructor(
    store: LedgerStore,
    key: SigningKey,
    now: () => number = Date.now,
    writer: EntryWriter = new GroupCommit(store, key),
  ) {
    this.#store = store;
    this.#key = key;
    this.#now = now;
    this.#writer = writer;
  }

  /**
   * Opens the ledger in a directory, or begins one. Throws ZtlError `ledger-open-failed`, `ledger-format`, `ledger-key`,
   * `ledger-damaged`, `ledger-truncated`, `ledger-key-lost` or `key-…`: a ledger that does not hang together is not written on.
   */
  static async open({ directory, keyFile, now, beside = [] }: LedgerOptions): Promise<Ledger> {
    const store = new SqliteStore({ directory });
    try {
      const keyPath = keyFile ?? join(directory, KEY_FILE);
      expectKeyOf(store, keyPath);
      const key = openSigningKey(keyPath);
      readTip(store, key.publicKey);
      // From here on this store only reads: a thread of its own writes.
      return new Ledger(store, key, now, new WriterThread({ directory, key, beside }));
    } catch (error) {
      store.close();
      throw error;
    }
  }

  get ledgerId(): string {
    return this.#store.ledgerId;
  }

  get publicKey(): KeyObject {
    return this.#key.publicKey;
  }

  /**
   * Records one step. Resolved with the entry when it is durable; appends that arrive together share one fsync. Entries stand in the
   * order of the calls; one that names a blob kept by another process waits for a look at it first. One that `mayWait` is written with
   * what comes next; `flush` makes it go.
   *
   * Throws ZtlError `entry-invalid`, `json-…` or `blob-missing` for a draft that cannot be recorded, `ledger-queue-full`,
   * `ledger-busy`, `ledger-write-failed` (then the entry is not recorded), `ledger-writer-ended` or `ledger-closed`.
   */
  async append(draft: EntryDraft, options: AppendOptions = {}): Promise<Entry> {
    this.#expectOpen();
    const sealed = sealDraft(draft, new Date(this.#now()).toISOString());
    const unknown = contentsOf(sealed.step).filter(
      (one) => one.base64 === undefined && !this.#knownBlobs.has(one.sha256),
    );
    if (unknown.length > 0) {
      await Promise.all(unknown.map((one) => this.#expectBlob(one)));
      this.#expectOpen();
    }
    const { kind, runId, agent, time, bodyText } = sealed;
    return entryAt(sealed, await this.#writer.add({ kind, runId, agent, time, bodyText }, options));
  }

  /** Resolved when all that was committed to the databases beside the ledger before the call is durable. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Keeps content and describes it for an entry: small content inside the description, larger content durably as a blob. */
  async keep(bytes: Uint8Array): Promise<Content> {
    this.#expectOpen();
    if (bytes.length <= INLINE_CONTENT_BYTES_MAX) return inlineContent(bytes);
    const sha256 = await this.#store.blobs.put(bytes);
    this.#remember(sha256);
    return { sha256, sizeBytes: bytes.length };
  }

  /** The content that an entry refers to, checked. Throws ZtlError `blob-missing` or `blob-damaged`. */
  async content(content: Content): Promise<Uint8Array> {
    if (content.base64 !== undefined) return Buffer.from(content.base64, "base64");
    const bytes = await this.#store.blobs.get(content.sha256);
    if (bytes === undefined) throw missing(content);
    return bytes;
  }

  /** One entry, or undefined when the ledger is shorter. */
  entry(index: number): Entry | undefined {
    return this.query({ fromIndex: index, toIndex: index + 1 })[0];
  }

  /** Entries that match all of the query, by index. Throws ZtlError `query-invalid`, `entry-malformed` or `entry-changed` for a damaged one. */
  query(query: EntryQuery = {}): Entry[] {
    const limit = Math.min(query.limit ?? QUERY_ENTRIES_MAX, QUERY_ENTRIES_MAX);
    // SQLite takes a negative limit for none at all.
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new ZtlError(
        "query-invalid",
        `Expected a limit of 0 to ${QUERY_ENTRIES_MAX} entries; found ${query.limit}`,
      );
    }
    return this.#store.entries({ ...query, limit }).map(({ bytes, hash, index }) => {
      const entry = parseEntry(bytes);
      if (entry.hash === hex(hash) && entry.index === index) return entry;
      throw new ZtlError("entry-changed", `Entry ${index} is not what was recorded. Run verify on this ledger`, {
        index,
      });
    });
  }

  /** The last entries, oldest first. */
  tail(count: number): Entry[] {
    return this.query({ order: "last", limit: count }).reverse();
  }

  /** The last signed head; `head.line` is what to keep elsewhere. Undefined while there is no entry. */
  head(): SignedHead | undefined {
    const stored = this.#store.extent().head;
    return stored === undefined ? undefined : parseHead(stored.line);
  }

  /** Shows that an entry is part of what the last head stands for; see `checkInclusion`. */
  proveInclusion(index: number): InclusionProof {
    const head = this.head();
    const entry = this.entry(index);
    if (head === undefined || entry === undefined || index >= head.size) {
      throw new ZtlError(
        "proof-range",
        `No such proof: the ledger has ${head?.size ?? 0} entries and none at ${index}`,
      );
    }
    return { entry, head, path: inclusionProof(this.#leaves(head.size), index, head.size).map(hex) };
  }

  /** Shows it of several entries, under one head: for each the path that `proveInclusion` gives. */
  proveEntries(indices: readonly number[]): {
    readonly head: SignedHead;
    readonly paths: readonly (readonly string[])[];
  } {
    const head = this.head();
    const outside = indices.find((index) => !(index >= 0 && index < (head?.size ?? 0)));
    if (head === undefined || outside !== undefined)
      throw new ZtlError(
        "proof-range",
        `No such proof: the ledger has ${head?.size ?? 0} entries, not one at ${outside}`,
      );
    const paths = inclusionProofs(this.#leaves(head.size), indices, head.size);
    return { head, paths: paths.map((path) => path.map(hex)) };
  }

  /** Shows that the ledger as of now only added to what it was at an earlier head; see `checkConsistency`. */
  proveConsistency(from: SignedHead): ConsistencyProof {
    const to = this.head();
    if (to === undefined || from.size > to.size) {
      throw new ZtlError(
        "proof-range",
        `No such proof: the head covers ${from.size} entries, the ledger has ${to?.size ?? 0}`,
      );
    }
    return { from, to, path: consistencyProof(this.#leaves(to.size), from.size, to.size).map(hex) };
  }

  /**
   * Takes the content out of entries, for good: they keep their place, their time and all hashes, so that the ledger verifies as before.
   * That it was done, by whom and why, is recorded first; done once more, it goes on where it was interrupted. Undefined when
   * nothing is left to erase. Throws ZtlError `ledger-erase-failed`, and what `append` throws.
   */
  async erase({ indices, runIds, ...order }: ErasureOrder): Promise<Entry | undefined> {
    this.#expectOpen();
    const entries = erasable(this.#store, indices);
    if (entries.length === 0) return undefined;
    const body = { ...order, indices: entries.map(({ index }) => index), runIds: [...runIds] };
    const recorded = await this.append({ kind: "erasure", body });
    this.#knownBlobs.clear();
    await eraseContents(this.#store, entries);
    return recorded;
  }

  /** Checks everything; see `verify`. Appends may go on meanwhile. */
  async verify(options: Omit<VerifyOptions, "publicKey"> = {}): Promise<Verification> {
    return verify(this.#store, { ...options, publicKey: this.#key.publicKey });
  }

  /** Writes what waits, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.close();
    this.#store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #leaves(size: number): Uint8Array {
    const leaves = this.#store.hashes(0, size);
    if (leaves.length === size * HASH_BYTES) return leaves;
    throw new ZtlError("ledger-damaged", `Expected ${size} entries; found others. Run verify on this ledger`);
  }

  async #expectBlob(content: Content): Promise<void> {
    const found = await this.#store.blobs.check(content.sha256);
    if (found.state !== "whole" || found.sizeBytes !== content.sizeBytes) throw missing(content);
    this.#remember(content.sha256);
  }

  #remember(sha256: string): void {
    if (this.#knownBlobs.size >= KNOWN_BLOBS_MAX) this.#knownBlobs.clear();
    this.#knownBlobs.add(sha256);
  }

  #expectOpen(): void {
    if (this.#closed) throw new ZtlError("ledger-closed", "This ledger was closed: open it again to write");
  }
}

/** A ledger's key is not made a second time: what it signed would be nobody's. */
function expectKeyOf(store: LedgerStore, path: string): void {
  if (store.extent().head === undefined || existsSync(path)) return;
  throw new ZtlError(
    "ledger-key-lost",
    `The key that signs this ledger is gone: there is nothing at ${path}. Put it back from a backup. Without it the ledger can still be ` +
      "verified by its public key (ztl ledger verify --ledger DIR --key ed25519:…), and not written on: keep it, and begin a new one " +
      "in another directory",
    { path },
  );
}

function missing({ sha256, sizeBytes }: Content): ZtlError {
  return new ZtlError(
    "blob-missing",
    `No blob ${sha256} of ${sizeBytes} bytes is kept: keep the content before recording an entry that names it`,
    { sha256, sizeBytes },
  );
}
