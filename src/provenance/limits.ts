/** Every bound of the search for where values came from; each says where its number comes from. */

/** Decodings inside one another that are undone. The guard stops at four; a value that a person can still use is two or three deep. */
export const DECODE_DEPTH = 3;
/** All that is decoded from one text: as much as the text itself twice … */
export const DECODED_BYTES_PER_BYTE = 2;
/** … plus this allowance, so that a short argument may be wrapped often. */
export const DECODED_BYTES_BASE = 64 * 1024;
/** Of one text so much is looked at. A model is handed 32 KiB of an output where the configuration does not say more. */
export const TEXT_BYTES_MAX = 1024 * 1024;
/** Two digits, or four letters: what says less is not kept. */
export const FACT_BITS_MIN = 6;
/** Facts kept of one text: a table of 10,000 rows with two numbers each. */
export const FACTS_MAX = 20_000;
/** What is taken out of a compressed run; more is no value that somebody put into an argument. */
export const INFLATED_BYTES_MAX = 64 * 1024;
/** Texts up to this size are also read backwards and with rotated letters, as a model may write a short value. */
export const REWRITTEN_BYTES_MAX = 8 * 1024;

/** Texts of one call that are put together by two; beyond it only in their order. Eight make 56 pairs. */
export const JOINED_LEAVES_MAX = 8;
/** Parts of a value are short; a longer text is searched by itself. */
export const JOINED_BYTES_MAX = 512;

/**
 * Information that counts, in bits. A value inside a longer text must be one of some 260,000: six digits by chance meet in one of four
 * pairs of texts with a hundred numbers each only below it. An argument that is nothing but the value needs less: it is one
 * candidate and not a hundred.
 */
export const BITS_IN_TEXT = 18;
export const BITS_WHOLE = 10;
/** A name of six letters and three digits is any program's; with four digits it is somebody's number. */
export const BITS_WHOLE_NAME = 14.6;
/** What is looked up: a host without a scheme says less where it stands, and is meant all the same by a URL elsewhere. */
export const BITS_INDEXED = 7;
/** From here on the same value at two places cannot be chance in a ledger of 10,000 runs with 1,000 values each (23 bits). */
export const BITS_ANYWHERE = 24;
