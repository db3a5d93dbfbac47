/** Every bound of the workspace in one place; each says where its number comes from. */

/** Entries of one change set or workspace: an `npm install` of a large project makes some 40,000; twice that and some more. */
export const ENTRIES_MAX = 100_000;
/** PATH_MAX and NAME_MAX of linux/limits.h: no host path can be longer. */
export const PATH_BYTES_MAX = 4096;
export const NAME_BYTES_MAX = 255;
/** One file's content. Node hashes and writes 1 GB in about two seconds; a run's memory limit stays below it. */
export const FILE_BYTES_MAX = 2 * 1024 * 1024 * 1024;
/** Text of a caller that is kept with a change set (command, message, names): a page of it. */
export const TEXT_UNITS_MAX = 64 * 1024;
/** Roots of one change set: mounts of one tool. */
export const ROOTS_MAX = 64;

/** Contents that one workspace keeps: what fits beside a project on an ordinary disk, many times what a run may write at once. */
export const SPACE_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** What one workspace may hold pending. */
export interface SpaceLimits {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Contents that one workspace keeps of versions gone by, for replays: as much as it may hold pending. What a call writes over or deletes
 * would fill the host's disk else, call by call.
 */
export const HISTORY_BYTES_MAX = SPACE_BYTES_MAX;
/** Contents written, or milliseconds gone by, after which a workspace that is in use looks for what can be forgotten. */
export const TIDY_AFTER_BYTES = 1024 * 1024 * 1024;
export const TIDY_AFTER_MS = 3600 * 1000;

export const SPACE_LIMITS: SpaceLimits = { entries: ENTRIES_MAX, bytes: SPACE_BYTES_MAX };
/** Workspaces whose entries are held in memory, some 1 KB an entry: conversations that are busy at once. */
export const SPACES_CACHED_MAX = 16;

/** What the files of a workspace's layer may hold of versions gone by: room for many calls, and little beside a project. */
export const LAYER_SLACK_BYTES = 256 * 1024 * 1024;
/** Layers of earlier versions that are found again: calls that run at the same time saw versions close to each other. */
export const LAYER_VERSIONS_KEPT = 16;

/** A decision that has not been written down by then never will be: its process is gone. It takes seconds. */
export const CUT_MS_MAX = 3600 * 1000;

/** One row of what is stored as JSON: a hundred times the longest entry, whose ten paths are escaped character by character. */
export const ROW_JSON = { bytesMax: 16 * 1024 * 1024, depthMax: 16 };

/**
 * Versions of a workspace that are kept for a replay, and workspaces in which nothing is pending: as long as somebody may still ask
 * why a call of last month did what it did.
 */
export const HISTORY_KEPT_MS = 30 * 24 * 3600 * 1000;

/** A pending set nobody looked at for a day is forgotten; the agent has gone on without it. */
export const EXPIRE_AFTER_MS = 24 * 3600 * 1000;
/** Summaries in one list, unless more are asked for: what a page shows. */
export const LIST_MAX = 500;
/** Decided sets that are kept, with what undo needs; the oldest go first. */
export const KEPT_SETS_MAX = 1000;

/** Files with more bytes are not compared line by line, nor is their base kept before the sync. */
export const DIFF_BYTES_MAX = 4 * 1024 * 1024;
/** Lines of one side of a diff; twenty times the largest source file people read. */
export const DIFF_LINES_MAX = 100_000;
/** Changed lines of a diff: Myers' algorithm takes their square in time and memory; 4,000 take under a second. */
export const DIFF_EDITS_MAX = 4000;
/** The event loop is not held longer by one diff; a hostile pair of files cannot ask for more. */
export const DIFF_TIMEOUT_MS = 500;
/** Lines a diff returns unless asked for fewer or more, and at most. */
export const DIFF_SHOWN_LINES = 20_000;
/** Lines of unchanged text around a change: as `diff -u`. */
export const DIFF_CONTEXT_LINES = 3;
/** Texts that are merged line by line when two calls changed them: as long as what is compared line by line. */
export const MERGED_TEXT_BYTES_MAX = DIFF_BYTES_MAX;
/** Content handed out for scanning and highlighting. */
export const CONTENT_BYTES_MAX = 64 * 1024 * 1024;

/** Names of a host directory that are looked through for one that differs in case only. */
export const SIBLINGS_MAX = 50_000;
/** Names looked through for another name of a file that goes: a large checkout with its dependencies, in some two seconds. */
export const SCANNED_NAMES_MAX = 200_000;
/** Host files copied or synced at once: the threads of Node's pool, four, with work waiting for each. */
export const PARALLEL_FILES = 8;
/** Sync, undo and recovery take turns across processes; a turn takes seconds, for gigabytes a minute. */
export const TURN_WAIT_MS = 120_000;
export const TURN_RETRY_MS = 20;
