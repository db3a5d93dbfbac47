/**
 * Every bound of the guard in one place. Going over one is itself a finding that withholds the content until a person has looked
 * at it: nobody knows what lies beyond, but a limit is no proof of guilt.
 */
export interface GuardLimits {
  /** Longest content one scanner accepts, in bytes. */
  readonly inputBytes: number;
  /** How many decodings may be nested before the guard stops looking. */
  readonly decodeDepth: number;
  /** All decoded views together: so many bytes for each byte of input … */
  readonly decodedBytesPerInputByte: number;
  /** … plus this allowance, so that short texts may be nested deeply. */
  readonly decodedBytesBase: number;
  /** Places looked at closely, in all views together (a literal of some rule, a string or object of JSON that may hold
   * one): so many for each byte of input … */
  readonly candidatesPerInputByte: number;
  /** … plus this allowance. */
  readonly candidatesBase: number;
  /** Findings above `info` kept in one verdict. */
  readonly findings: number;
  /** `info` findings kept for each rule; further ones are only counted, as ordinary logs have thousands. */
  readonly infoFindingsPerRule: number;
  /** Nesting of JSON objects and arrays. */
  readonly jsonDepth: number;
}

export const DEFAULT_LIMITS: GuardLimits = Object.freeze({
  // The complete output of a run is held in memory; the sandbox's own output limit is below this.
  inputBytes: 64 * 1024 * 1024,
  // A JSON string in a JSON string, percent-encoded, in fullwidth letters is four deep; ordinary files stop at two.
  decodeDepth: 4,
  // A few files in a thousand (HTML full of escaped program text) need between two and four; each further copy of a
  // megabyte costs some 15 ms (bench/guard-attack.ts).
  decodedBytesPerInputByte: 4,
  decodedBytesBase: 64 * 1024,
  // Of 700 large ordinary files none has more than 0.4 (JSON). Text of which every letter has its own colour has 0.6, and is
  // blocked from some 600 KB on. Each costs some 25 ns (bench/guard-attack.ts).
  candidatesPerInputByte: 0.5,
  candidatesBase: 64 * 1024,
  // A person who reviews reads some tens; the rest is for highlighting.
  findings: 1024,
  infoFindingsPerRule: 16,
  // JSON.parse's consumers themselves give up between 500 and 10,000.
  jsonDepth: 512,
});

/** Shorter runs of base64 letters are words and identifiers: 16 letters carry 12 bytes, the length of `<|im_start|>`. */
export const BASE64_RUN_MIN = 16;
/** The same for hexadecimal digits: 24 digits carry 12 bytes. */
export const HEX_RUN_MIN = 24;
/** A run this long is decoded even when the result does not look like text (junk may stand before the payload). */
export const BINARY_RUN_MIN = 64;
/** Text inside binary data shorter than this carries no structure: as long as `<|im_start|>`. */
export const TEXT_STRETCH_MIN = 12;
/** Base64 in e-mail and PEM is wrapped at 76 and 64; lines at least this long are joined with the next. */
export const WRAPPED_LINE_MIN = 40;
/** Characters of an excerpt before escaping; longer ones are cut in the middle. */
export const EXCERPT_CHARACTERS = 80;

/**
 * Bytes of one question to a guard model: no more tokens than bytes, so that it fits a context of 4,096 tokens (the
 * smallest default in use) with the prompt. A longer one would be cut by some servers without a word.
 */
export const MODEL_WINDOW_BYTES = 3072;
/** Neighbouring questions share so much: an instruction of two or three sentences stands in one of them as a whole. */
export const MODEL_OVERLAP_BYTES = 512;
/** Questions about one content: 41 KB are asked about, ten times what the output of an ordinary call takes. */
export const MODEL_WINDOWS_MAX = 16;
/** For all questions about one content; a small model on a processor answers one in one to two seconds. */
export const MODEL_TIMEOUT_MS = 30_000;
