/** Every bound of the loop in one place; each says where its number comes from. */

/** What a model is given of one output unless the config says otherwise: some 8,000 tokens. The guard sees all of it. */
export const OUTPUT_FOR_MODEL_BYTES = 32 * 1024;
/** Lists of egress rights, one of each agent above: a gate takes 16 lists, three of which a configuration gives. */
export const EGRESS_RIGHTS_MAX = 13;
/** An input is what a model wrote as tool arguments; the ledger's own bound for an entry is 1 MiB, larger ones go to a blob. */
export const INPUT_BYTES_MAX = 8 * 1024 * 1024;
/** Real tool arguments nest less than 20 levels. The ledger takes 100, of which an entry and its `details` have a few. */
export const INPUT_JSON = { bytesMax: INPUT_BYTES_MAX, depthMax: 96 };
/** An input among what a hash is made of, as canonical JSON: escapes make at most six bytes of one. */
export const HASHED_JSON = { bytesMax: 8 * INPUT_BYTES_MAX, depthMax: 100 };
/** Part of an input that stands in its ledger entry. */
export const INLINE_INPUT_BYTES_MAX = 64 * 1024;
/** A person is asked within a working day; later the agent has gone on. */
export const EXPIRE_AFTER_MS = 24 * 3600 * 1000;
/** Reviews of calls and contents that may wait at once, of all agents: twice what a configuration can let one have. */
export const PENDING_REVIEWS_MAX = 20_000;
/** Those of one agent, its change sets among them, and their bytes, unless the configuration says otherwise: more than anybody looks at in a day. */
export const OPEN_REVIEWS = 500;
export const REVIEW_BYTES = 32 * 1024 * 1024;
/** Files of one change set that the guard looks through at once, and their bytes: it takes some 10 ms a megabyte. */
export const SCANNED_FILES_MAX = 200;
export const SCANNED_FILES_BYTES_MAX = 16 * 1024 * 1024;
/** Changed names told to the model; a person sees all of them. */
export const NAMES_FOR_MODEL_MAX = 50;
/** The command on one line of a list. */
export const LINE_CHARACTERS_MAX = 400;
/** The command beside what it did: a program of some 400 lines; the ledger has all of a longer one. */
export const COMMAND_CHARACTERS_MAX = 16 * 1024;
/** How often a wait looks whether another process decided. */
export const WAIT_POLL_MS = 200;
/** Connections of a run that stand in its entry, each some 300 bytes; a longer list is content of its own. */
export const CONNECTIONS_INLINE_MAX = 64;
/** Read files of a run listed in its ledger entry; a longer list is content of its own. */
export const READS_INLINE_MAX = 100;
/** Findings in one ledger entry; a verdict holds at most 1,024, and an entry 1 MiB. */
export const FINDINGS_RECORDED_MAX = 200;
/** Used admissions remembered: a thousand writes a second for the five minutes that one lives. */
export const NONCES_MAX = 300_000;
/** How often expired ones are forgotten, in uses. */
export const NONCES_PRUNED_EVERY = 1000;
/** Outputs with secrets that are kept as they were, for people: those of some weeks. */
export const ORIGINALS_MAX = 1000;
/** All of them together: sixty-four of the longest outputs that a run may print by default. */
export const ORIGINALS_BYTES_MAX = 512 * 1024 * 1024;
/** What a tool elsewhere returns, as much as the guard looks at (guard/limits.ts); eight times what a run may print by default. */
export const RESULT_BYTES_MAX = 64 * 1024 * 1024;
/** Entries taken into the index of runs in one transaction, some 20 ms of work. */
export const INDEXED_AT_ONCE = 200;
/** Of a call's command and input, what is searched: a program of some 100 lines. */
export const SEARCHED_CHARACTERS_MAX = 4096;
/** Entries of one conversation that are told together: some two hundred calls. */
export const TIMELINE_ENTRIES_MAX = 2000;
/** Calls of it whose arguments are led back to where they came from: the last ones, some 10 ms each. */
export const TIMELINE_SOURCES_MAX = 200;
/** Entries of one exported case, and bytes of the contents beside them: it is one string while it is made. */
export const CASE_ENTRIES_MAX = 20_000;
export const CASE_CONTENT_BYTES_MAX = 128 * 1024 * 1024;
/** Output shown of one recorded run. */
export const RECORD_OUTPUT_BYTES_MAX = 1024 * 1024;
/** Entries of one run, and later entries of its agent, that are looked at: a run makes some ten. */
export const RUN_ENTRIES_MAX = 1000;
export const LATER_ENTRIES_MAX = 2000;
/** Changes listed in their ledger entry, some 300 bytes each; a longer list is content of its own. */
export const CHANGES_INLINE_MAX = 100;
/** Calls whose names are remembered: a busy host's of some days; asked for again later, one is a new call. */
export const CALLS_REMEMBERED_MAX = 100_000;
/** After so many new ones the oldest are forgotten, so that at most as many more are kept and a new call does not look for them. */
export const CALLS_PRUNED_EVERY = 64;
/** An answer kept beside its name; a longer one is kept without the whole output, which the ledger has. */
export const KEPT_ANSWER_BYTES_MAX = 256 * 1024;

/** What a review keeps: an input, escaped once more as a string of JSON, or twice the findings of an entry. Excerpts may be cut anywhere. */
export const CONTENT_DETAILS_JSON = { bytesMax: 8 * INPUT_BYTES_MAX, depthMax: 16, loneSurrogates: "allow" } as const;
/** More labels than a taint can have (policy/limits.ts), with names of 64 characters. */
export const TAINT_JSON = { bytesMax: 1024 * 1024, depthMax: 4 };
/** Lists of what a run read and changed, and what a replay needs; some 300 bytes for each file, as ledger/replay/record.ts bounds it. */
export const RECORD_JSON = { bytesMax: 256 * 1024 * 1024, depthMax: 100 };
/** A kept answer, or its shorter form: an output as a model gets it, and as many findings as are told, escaped as JSON. */
export const KEPT_ANSWER_JSON = { bytesMax: 8 * 1024 * 1024, depthMax: 16, loneSurrogates: "allow" } as const;

/** Reviewers at once: a company's; all of them are looked through at each decision. */
export const REVIEWERS_MAX = 1000;
/** Decisions of the same kind that are looked through for those that go together: those of some days. */
export const VOTES_SEEN_MAX = 2000;
/**
 * Bytes of the lists of files that stand in the entry of a decision or a sync: what is read, checked and hashed in a millisecond whenever
 * entries are looked through. Longer ones are content beside it, or their hash alone.
 */
export const SELECTION_INLINE_BYTES_MAX = 16 * 1024;

/** Steps of an agent that a model is asked about once more; a small local one takes some seconds for each. */
export const STEPS_ASKED_MAX = 10;

/** Entries whose texts are indexed by the values in them, the newest: those of some 20,000 runs, at 10 ms for a hundred. */
export const INDEXED_ENTRIES_MAX = 200_000;
export const INDEX_PAGE_ENTRIES = 100;
/** Of them so many are written together, or so many values: some 30 ms in one go. */
export const INDEX_BATCH_ENTRIES = 1000;
export const INDEX_BATCH_VALUES = 10_000;
/** Texts looked at for one value; a value in more of them is everybody's. */
export const OCCURRENCES_MAX = 40;
/** Values of one call whose origins are looked for, those that say most first, and origins that are told of. */
export const CANDIDATES_MAX = 2000;
export const ORIGINS_MAX = 200;
/** Texts of its own conversation in which a call's wording is looked for, the newest, and their size together. */
export const WORDING_TEXTS_MAX = 100;
export const WORDING_UNITS_MAX = 2 * 1024 * 1024;
/** Later calls and sayings that are asked for what they have of a run. */
export const TRACED_MAX = 40;
/** Steps told of on the way of one value: the first ones and the last ones. */
export const TRAIL_MAX = 10;
/** Texts, in as many conversations, in which a number or a sentence was handed out: from so many on it is nobody's. */
export const COMMON_TEXTS = 6;

/** Entries of a conversation looked through for where it has something from, and runs named for each source: the last of a day. */
export const PROVENANCE_ENTRIES_MAX = 2000;
export const PROVENANCE_RUNS_MAX = 5;

/** Taints as stored that a process remembers having read, some 500 bytes each: conversations that are alike have one text. */
export const TAINTS_READ_MAX = 1000;

/** Places of runs in their traces that a process remembers, some 300 bytes each: more calls with names are hardly open at once. */
export const TRACE_STEPS_MAX = 10_000;

/** How long after an entry the ledger's head is kept elsewhere: what happens within it shares one line. */
export const ANCHOR_EVERY_MS = 10_000;
/** How often the state notes how far the ledger has come; what comes later is covered by the note beside the ledger. */
export const LEDGER_NOTED_EVERY_MS = 1000;

/** Entries that one erasure names: their indices have to stand in one entry of 1 MiB. */
export const ERASED_AT_ONCE_MAX = 50_000;

/** How often a process in which something goes on looks whether another one opened a breaker: some 5 µs each time. */
export const BREAKER_LOOK_MS = 20;
/** How long the breaker of a run is kept: a day, the longest that a run may take (policy/limits.ts). */
export const RUN_BREAKER_KEPT_MS = 24 * 3600 * 1000;
/** Evidence that is kept with an opening; a longer one is left to the entries that it is about. */
export const BREAKER_EVIDENCE_BYTES_MAX = 64 * 1024;
/** An opening as it is stored: its evidence, a reason, and names. */
export const OPENING_JSON = { bytesMax: 256 * 1024, depthMax: 32 };
/** What a person says of it. */
export const BREAKER_MESSAGE_CHARACTERS_MAX = 2000;

/** How long a conversation rests before it teaches the monitor of actions: until then somebody may have something against it. */
export const LEARN_AFTER_MS = 3600 * 1000;
/** Entries of the ledger that a baseline is made from, the newest: those of some 20,000 calls, read in about two seconds, once. */
export const LEARNT_ENTRIES_MAX = 200_000;
/** Conversations of it, and calls of one that are learnt from: of one job the newest 64 count (entropy/limits.ts). */
export const LEARNT_CONVERSATIONS_MAX = 2000;
export const LEARNT_CALLS_MAX = 200;
/** Conversations that a process follows, some megabytes each where they have read much; of another the steps are read again. */
export const MONITORED_CONVERSATIONS_MAX = 100;
/** Steps back from which a conversation is followed, of all agents together. */
export const MONITORED_STEPS_MAX = 200_000;
/** Steps of a conversation among which its judged calls are shown, and judged calls of others that a band is made from. */
export const JUDGED_CALLS_SHOWN_MAX = 5000;
export const JUDGEMENTS_BAND_MAX = 1000;
