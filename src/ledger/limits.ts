/** Every bound of the ledger in one place; each says where its number comes from. */

/** One entry's canonical JSON. An entry tells what happened; content of any size goes into blobs. */
export const ENTRY_BYTES_MAX = 1024 * 1024;
/** Nesting of an entry's body. Real tool arguments stay under 20; the bound keeps recursion far from the stack's end. */
export const JSON_DEPTH_MAX = 100;
/** Content up to so many bytes is kept inside its entry: a file of its own costs two more fsyncs than it saves bytes. */
export const INLINE_CONTENT_BYTES_MAX = 8 * 1024;
/** One blob: as much as a run's output limit can be set to (sandbox/call.ts, `outputBytes`). */
export const BLOB_BYTES_MAX = 1024 * 1024 * 1024;

/** Blobs remembered as looked at, so that the next entry that names them needs no look at the disk; some 100 bytes each. */
export const KNOWN_BLOBS_MAX = 100_000;

/** Entries in one transaction: 1,000 of them are written in some 20 ms, so nobody waits long behind a burst. */
export const GROUP_ENTRIES_MAX = 1000;
/** Bytes in one transaction, so that a burst of large entries does not become one huge write-ahead log. */
export const GROUP_BYTES_MAX = 8 * 1024 * 1024;
/** How long an entry that nobody waits for may lie: most calls are over by then, and a longer one is on record while it runs. */
export const ENTRY_WAIT_MS = 10;
/** Entries that may wait for their group: ten full groups. More means the disk does not keep up, and the caller must know. */
export const QUEUE_ENTRIES_MAX = 10_000;
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** How often a group is tried again when another process was faster; each failure means the other one made progress. */
export const COMMIT_ATTEMPTS_MAX = 50;

/** Entries that one query returns at most; a longer answer is paged with `fromIndex`. */
export const QUERY_ENTRIES_MAX = 10_000;
/** Entries read at a time by `verify` and proofs: small enough to let other work of the process in between. */
export const PAGE_ENTRIES = 256;
/** Hashes read at a time, 32 bytes each. */
export const PAGE_HASHES = 32_768;

/** Text in one side of a semantic differential, UTF-16 units: the index takes 12 bytes for each. */
export const DIFFERENTIAL_UNITS_MAX = 4 * 1024 * 1024;
/**
 * Shortest shared span that counts, in normalised characters. English has a mean word length of 4.7 and boilerplate of three or
 * four words ("in the case of the") stays under it.
 */
export const SPAN_UNITS_MIN = 24;
/** Shortest whole argument that counts as an echo: addresses, names and numbers of use to anyone are not shorter. */
export const ARGUMENT_UNITS_MIN = 6;
export const SPANS_MAX = 1000;
/** Planned tool calls on either side of a differential. */
export const PLANNED_CALLS_MAX = 1000;

/** How far the clocks of a reviewer and of the loop may be apart: as much as Kerberos allows (RFC 4120, section 8.2). */
export const DECISION_CLOCK_SKEW_MS = 5 * 60 * 1000;
/** Decisions kept in mind by `verify`, some 500 bytes each. People make a few hundred a day. */
export const DECISIONS_REMEMBERED_MAX = 100_000;
/** Decisions that `verify` names one by one; all are counted. */
export const UNPROVEN_LISTED_MAX = 100;

/** Lines of an anchor that are looked at, the newest, some 420 bytes each: those of a month at one every ten minutes. */
export const ANCHOR_LINES_MAX = 4000;
export const ANCHOR_READ_BYTES_MAX = 2 * 1024 * 1024;
/** An anchor that answers slower than this is passed over until the next line. */
export const ANCHOR_HTTP_TIMEOUT_MS = 5000;
export const ANCHOR_GIT_TIMEOUT_MS = 10_000;
