/** Every bound of the server in one place; each says where its number comes from. */

/** The API names each chosen file by its path: all of a change set of 100,000 files with paths of 80 bytes. */
export const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** A request is an object with lists of names in it. The schemas say more of a lone surrogate than a parser could. */
export const BODY_JSON = { bytesMax: BODY_BYTES_MAX, depthMax: 8, loneSurrogates: "allow" } as const;
/** The longest URL asks for one file by a path of at most 4,096 bytes (PATH_MAX), each escaped as three. */
export const HEADER_BYTES_MAX = 32 * 1024;
/** A whole request over loopback takes milliseconds; whoever takes longer holds a connection for nothing. */
export const REQUEST_TIMEOUT_MS = 5000;
export const HEADERS_TIMEOUT_MS = 5000;
/** How often the two are looked at. */
export const TIMEOUT_CHECK_MS = 1000;
/** A browser opens six connections to one host; this is for twenty browsers. */
export const CONNECTIONS_MAX = 128;
/** One open page each; more would leave no connections for requests. */
export const EVENT_CLIENTS_MAX = 32;
/** A comment often enough that proxies and browsers, which give up after 30 s and more, keep the stream. */
export const HEARTBEAT_MS = 15_000;
/** A client that has not taken an event by then is not reading. */
export const EVENT_WRITE_TIMEOUT_MS = 10_000;
/** How often the ledger is looked at for steps of other processes: faster than a person notices. */
export const POLL_MS = 500;
/** What waits is listed anew after that though nothing seems to have changed: a clock may have been set. */
export const LIST_ANEW_MS = 30_000;
/** Entries told one by one after a pause; who missed more reads the pages anew. */
export const CATCH_UP_ENTRIES_MAX = 1000;

/** A working day. */
export const SESSION_MS = 12 * 3600 * 1000;
/** Browsers that signed out within that day, some 100 bytes each; beyond them, sessions as old as those are over as well. */
export const ENDED_SESSIONS_MAX = 1024;

/** What a person reads through of one list before asking for more. */
export const RUNS_PER_PAGE = 50;
export const ENTRIES_PER_PAGE = 100;
export const REVIEWS_SHOWN_MAX = 200;
/** API lists; a longer answer is asked for in pages. */
export const API_LIMIT_MAX = 1000;

/** Rows of text on one page: a browser lays out some 1,000 table rows in a tenth of a second on a slow machine. */
export const ROWS_PER_PAGE = 500;
/** Rows of each file, and files, that the page of a change set opens by itself. */
export const PREVIEW_ROWS = 80;
export const OPENED_FILES_MAX = 12;
/** Files listed on the page of a change set; further ones are decided on together, or through the API. */
export const LISTED_FILES_MAX = 1000;
/** Directories that can be agreed to as a whole: what a person looks through; the upper ones hold the others. */
export const DIRECTORIES_LISTED_MAX = 100;
/** A longer line goes on in the next row, so that nothing in it can hide to the right, and a page stays small. */
export const ROW_CHARACTERS_MAX = 400;
/** Text that is cut into rows for paging, in UTF-16 units: some 100 ms of work. What lies beyond is said not to be shown. */
export const TEXT_UNITS_MAX = 8 * 1024 * 1024;
/** A name in a list; the page of the file shows all of it. */
export const NAME_CHARACTERS_MAX = 240;
/** Names of reviewers or roles in one sentence, and problems in one notice: what a person takes in. */
export const NAMES_LISTED_MAX = 20;
/** A command on one line of a list, cut where the line ends; the loop keeps some 400. */
export const LISTED_COMMAND_CHARACTERS_MAX = 500;
/** A command shown at once: what a person reads through before the decision below it. */
export const COMMAND_ROWS_MAX = 200;
/** A title; the loop's own are shorter. */
export const TITLE_CHARACTERS_MAX = 400;
/** Findings listed above a text; all of them are marked in it. */
export const FINDINGS_LISTED_MAX = 50;
/** Echoes of a semantic differential listed on the page of a run. */
export const ECHOES_LISTED_MAX = 50;

/** Arcs of a drawn timeline: more of them make one grey cloud. */
export const GRAPH_ARCS_MAX = 300;
/** A label beside a mark: what fits on a line of the drawing. */
export const GRAPH_LABEL_CHARACTERS_MAX = 110;
/** Arguments that are listed with where they came from; the API has all. */
export const TIMELINE_EDGES_LISTED_MAX = 200;

/** Ledgers up to this length are verified whenever their page is opened: 10,000 entries take up to 5 s. */
export const AUTO_VERIFY_ENTRIES_MAX = 1000;
/** How long such a result is shown again. */
export const AUTO_VERIFY_FRESH_MS = 10_000;

export const MESSAGE_CHARACTERS_MAX = 4000;
export const REVIEWER_CHARACTERS_MAX = 80;
/** A connection on which nothing moves, in either direction: longer than any verification takes, or the writing of 100,000 files. */
export const IDLE_TIMEOUT_MS = 1_200_000;

/** Wrong tokens that are looked at one after another, for somebody who pastes the wrong thing; then one in a while. */
export const ATTEMPTS_AT_ONCE = 20;
export const ATTEMPT_EVERY_MS = 3000;
/** Browsers in which reviewers are signed in: the oldest is signed out when there are more. */
export const SIGN_INS_MAX = 256;

/** What the loop takes as the reason of somebody who stops an agent (loop/limits.ts). */
export const BREAKER_MESSAGE_CHARACTERS_MAX = 2000;
