import type { BlobState } from "../../base/blob-files.ts";
import type { EntryKind } from "../record/bodies.ts";

/**
 * The seam between the ledger and what keeps it. A store keeps rows and gives them back; it judges nothing, and nothing of it is
 * trusted: `verify` reads through this interface alone. Each implementation must pass the suite in `testing.ts`.
 */
export interface LedgerStore {
  /** 32 hexadecimal characters, chosen when the store was made. */
  readonly ledgerId: string;
  readonly blobs: BlobStore;

  /**
   * Keeps a group, all or nothing. Resolved when it survives a power failure. `group.head.number` must follow the last head and the
   * entries must follow the last entry: otherwise someone else was faster, and it throws ZtlError `ledger-moved`.
   * Throws ZtlError `ledger-write-failed` when it cannot be kept; then nothing was.
   */
  commit(group: Group): Promise<void>;

  /**
   * Writes frames over entries, for good: nothing of what was there stays in a file of this store.
   * Throws ZtlError `ledger-erase-failed`; then it may be begun again.
   */
  erase(frames: readonly Pick<StoredEntry, "index" | "bytes">[]): void;

  /** Where the ledger ends, as of one instant. */
  extent(): Extent;
  /** Entries that match all of the filter, by index. */
  entries(filter: EntryFilter): StoredEntry[];
  /** Hashes of entries from `from` to before `to`, 32 bytes each; fewer when there are fewer. */
  hashes(from: number, to: number): Uint8Array;
  /** Heads from that number on, in order. */
  heads(fromNumber: number, limit: number): StoredHead[];
  /**
   * The line of the latest head as it was noted apart from the heads themselves, if this store does that: when it is later
   * than they are, someone has cut them.
   */
  notedHead(): string | undefined;
  /** Damage that only the store can see, such as an index that misses rows; each a sentence. */
  inspect(): string[];
  close(): void;
}

export interface Group {
  readonly entries: readonly StoredEntry[];
  readonly head: StoredHead;
}

/** An entry's canonical bytes, its hash, and copies of the members that queries look for. */
export interface StoredEntry {
  readonly index: number;
  readonly hash: Uint8Array;
  readonly time: string;
  readonly kind: string;
  readonly runId: string | null;
  readonly agent: string | null;
  readonly bytes: Uint8Array;
}

export interface StoredHead {
  readonly number: number;
  readonly line: string;
  /** Frontier of the Merkle tree at that head, 32 bytes for each peak. */
  readonly peaks: Uint8Array;
}

export interface Extent {
  readonly head: StoredHead | undefined;
  /** Undefined when there is no entry. */
  readonly firstIndex: number | undefined;
  readonly lastIndex: number | undefined;
}

export interface EntryFilter {
  readonly runId?: string | undefined;
  readonly agent?: string | undefined;
  readonly kind?: EntryKind | undefined;
  /** First time that matches, and first one after it that does not: RFC 3339, UTC, milliseconds. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** First index that matches, and first one after it that does not. */
  readonly fromIndex?: number | undefined;
  readonly toIndex?: number | undefined;
  /** `last` gives the highest indices, highest first. Default `first`. */
  readonly order?: "first" | "last" | undefined;
  readonly limit: number;
}

/** Content under its SHA-256 (lower-case hexadecimal). */
export interface BlobStore {
  /** Resolved when the content survives a power failure. Keeping the same content again is no error and repairs it. */
  put(bytes: Uint8Array): Promise<string>;
  /** The content, checked against its hash. Undefined when there is none; throws ZtlError `blob-damaged` when it differs. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** The content is not kept any more. */
  remove(sha256: string): void;
  /** What `get` would say, in bounded memory. */
  check(sha256: string): Promise<BlobState>;
}
