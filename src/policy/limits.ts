/** Every bound of the policy in one place; each says where its number comes from. */

/** A configuration file. A thousand tools of a kilobyte each fit; more is not written by a person. */
export const CONFIG_BYTES_MAX = 1024 * 1024;
/** A checked configuration with its defaults filled in: less than a hundred bytes for each value that was written. */
export const RESOLVED_BYTES_MAX = 64 * CONFIG_BYTES_MAX;
/** Values in a configuration, counted one by one: what fits into the bytes above when a value takes ten of them. */
export const CONFIG_VALUES_MAX = 100_000;
/** Nesting of a configuration. The schema's own deepest value lies at 5; the bound keeps recursion short. */
export const CONFIG_DEPTH_MAX = 32;
/** Problems that an error lists in its message; `details.problems` has all of them. */
export const PROBLEMS_SHOWN_MAX = 20;
/** Longest name of an agent, role or tool: MCP tool names may have 128 characters (MCP specification, "Tool Names"). */
export const NAME_LENGTH_MAX = 128;
/** Mounts of one tool, as many as a sandbox takes (sandbox/call.ts). */
export const MOUNTS_MAX = 256;
/** Patterns of a mount and characters of one; as many as a sandbox takes, far more than anybody writes. */
export const EXCLUDES_MAX = 1024;
export const EXCLUDE_LENGTH_MAX = 1024;

/** Labels one taint keeps apart. A conversation with more sources than this is told apart by nobody; its facts stay. */
export const TAINT_LABELS_MAX = 64;
/** Labels that a stored taint may list: several full ones joined by hand. */
export const TAINT_JSON_LABELS_MAX = 1024;

/** What a run may be given, bound by bound what `sandbox/call.ts` accepts; a test compares the two. */
export const RUN_LIMIT_BOUNDS = {
  wallMs: { min: 1, max: 24 * 3600 * 1000 },
  cpuMs: { min: 1, max: 24 * 3600 * 1000 },
  memoryBytes: { min: 16 * 1024 * 1024, max: 3 * 1024 * 1024 * 1024 },
  processes: { min: 1, max: 4096 },
  openFiles: { min: 8, max: 65_536 },
  overlayBytes: { min: 0, max: 3 * 1024 * 1024 * 1024 },
  outputBytes: { min: 0, max: 1024 * 1024 * 1024 },
} as const;

/** Longest a review may stay open: a year, so that a forgotten one ends. */
export const EXPIRE_AFTER_MS_MAX = 366 * 24 * 3600 * 1000;
/** Longest wait for a guard model: ten minutes, a large model on a slow machine with a margin. */
export const GUARD_MODEL_TIMEOUT_MS_MAX = 10 * 60 * 1000;
/** Most output that a model is handed: the largest output a run may have. */
export const OUTPUT_FOR_MODEL_BYTES_MAX = RUN_LIMIT_BOUNDS.outputBytes.max;
/** Costs are summed as numbers: that many of the dearest calls are still exact. */
export const COST_MAX = 1_000_000_000;

/** Reviewers that may have to agree to one thing: more are never awake at once. */
export const REVIEWERS_NEEDED_MAX = 10;
/** Rules on reviewers: one for each of a few hundred places of a large project. */
export const REVIEW_RULES_MAX = 256;
/** Most reviews of one agent that may wait: half of what the loop keeps of all agents together (loop/limits.ts). */
export const OPEN_REVIEWS_MAX = 10_000;
/** Most bytes of them: a thousand inputs of the largest size that a call may have would be 8 GiB, which nobody reads. */
export const REVIEW_BYTES_MAX = 1024 * 1024 * 1024;
/** Rules of breakers: one for each kind of trouble of a few dozen agents. */
export const BREAKER_RULES_MAX = 256;
/** Troubles that one rule may count: each is a row of the loop's database for as long as it counts. */
export const BREAKER_TROUBLES_MAX = 1000;
/** A day: a rule about more than that is about the agent, and for a person. */
export const BREAKER_WITHIN_MS_MAX = 24 * 60 * 60 * 1000;
/** Below a tenth of a second nothing has cooled down; beyond a month it is a person who closes it. */
export const BREAKER_COOL_DOWN_MS = { min: 100, max: 31 * 24 * 3600 * 1000 };
/** Files of models: agents of one loop run on a few, each with a tokenizer's and a template's file. */
export const GUARD_TEMPLATES_MAX = 32;

/** Names with fixed addresses: a project's own servers. */
export const EGRESS_NAMES_MAX = 1024;
/** As the egress gate has them (egress/limits.ts). */
export const EGRESS_QUOTA_BOUNDS = {
  liveConnections: { max: 512 },
  connections: { max: 100_000 },
  bytesOut: { max: Number.MAX_SAFE_INTEGER },
  bytesIn: { max: Number.MAX_SAFE_INTEGER },
} as const;

/** Places that keep a ledger's heads: each is written to for each head. */
export const ANCHORS_MAX = 10;
/** A day: whoever puts a ledger back by less is found by no later anchor. */
export const ANCHOR_EVERY_MS_MAX = 24 * 60 * 60 * 1000;

/** Bits of evidence: beyond a thousand no probability is told from none. */
export const MONITOR_BITS_MAX = 1000;
/** A month: a baseline older than that is another agent's. */
export const LEARN_AFTER_MS_MAX = 31 * 24 * 3600 * 1000;
