/** Every bound of this room in one place. */

/** Turns of one conversation: the scripted model needs thirteen; a real one that goes in circles is stopped. */
export const TURNS_MAX = 24;
/** Calls of one turn that are made; the interface allows 128, a person reads these. */
export const CALLS_PER_TURN_MAX = 8;
/** Bytes of a request to the scripted model: the whole conversation, some 40 KB here. */
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** Notes and mails that one conversation may leave. */
export const NOTES_MAX = 50;
export const MAILS_MAX = 50;
/** Notes that `recall` gives to a model. */
export const RECALLED_MAX = 3;
/** Files of the sample project that are looked at; it has six. */
export const TREE_FILES_MAX = 1000;
/** Columns of the story: what a terminal of common width shows without wrapping anew. */
export const COLUMNS = 100;
/** Characters of a quoted text in the story. */
export const QUOTE_CHARACTERS_MAX = 60;
/** Of a call's first argument, so that what came of it fits beside it. */
export const SUBJECT_CHARACTERS_MAX = 38;
/** Rest after a paragraph on a terminal, so that it can be read as it comes. */
export const PAUSE_MS = 900;
/** A real model on a small machine writes some ten tokens a second. */
export const MODEL_TIMEOUT_MS = 180_000;
/** How often it is looked whether a person decided. */
export const WAIT_POLL_MS = 200;
