import { NEWLINE } from "../matching/bytes.ts";
import type { DecodedRuns } from "./run-writer.ts";

/** Variation selectors come alone after a base character; from so many in a row on they carry data. */
const SELECTOR_RUN_MIN = 4;

/** With what tags and supplementary selectors begin, and the basic selectors, in UTF-8. */
const SUPPLEMENTARY = Buffer.from([0xf3, 0xa0]);
const BASIC_SELECTORS = Buffer.from([0xef, 0xb8]);

/** Text written in characters that show nothing: Unicode tags (ASCII plus U+E0000), variation selectors (one byte each). */
export function decodeHidden(bytes: Uint8Array): { tags?: DecodedRuns; selectors?: DecodedRuns } {
  // Nearly all texts have neither; the search for two bytes is native and costs nothing beside the rest.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!text.includes(SUPPLEMENTARY) && !text.includes(BASIC_SELECTORS)) return {};
  const tags = new HiddenRuns(bytes.length, 1);
  const selectors = new HiddenRuns(bytes.length, SELECTOR_RUN_MIN);
  for (let at = 0; at < bytes.length; ) {
    if ((bytes[at] as number) < 0xef) at++;
    else if (isTagAt(bytes, at)) {
      tags.add(((bytes[at + 2] as number) & 1) * 64 + ((bytes[at + 3] as number) & 0x3f), at, 4);
      at += 4;
    } else {
      const length = selectorLength(bytes, at);
      if (length > 0) selectors.add(selectorByte(bytes, at, length), at, length);
      at += length === 0 ? 1 : length;
    }
  }
  const [tagText, selectorText] = [tags.done(), selectors.done()];
  return { ...(tagText && { tags: tagText }), ...(selectorText && { selectors: selectorText }) };
}

/** U+E0000 to U+E007F are F3 A0 80 80 to F3 A0 81 BF. */
function isTagAt(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0xf3 || bytes[at + 1] !== 0xa0) return false;
  const third = bytes[at + 2];
  return (third === 0x80 || third === 0x81) && isContinuation(bytes[at + 3]);
}

/** U+FE00 to U+FE0F are EF B8 80 to EF B8 8F; U+E0100 to U+E01EF are F3 A0 84 80 to F3 A0 87 AF. 0 for all else. */
function selectorLength(bytes: Uint8Array, at: number): number {
  const [second, third] = [bytes[at + 1], bytes[at + 2] as number];
  if (bytes[at] === 0xef) return second === 0xb8 && third >= 0x80 && third <= 0x8f ? 3 : 0;
  if (bytes[at] !== 0xf3 || second !== 0xa0 || !(third >= 0x84 && third <= 0x87)) return 0;
  const fourth = bytes[at + 3];
  return isContinuation(fourth) && (third < 0x87 || (fourth as number) <= 0xaf) ? 4 : 0;
}

/** The first sixteen bytes are written with the basic selectors, the others with the supplementary ones. */
function selectorByte(bytes: Uint8Array, at: number, length: number): number {
  if (length === 3) return (bytes[at + 2] as number) - 0x80;
  return 16 + ((bytes[at + 2] as number) - 0x84) * 64 + ((bytes[at + 3] as number) & 0x3f);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Collects what neighbouring hidden characters spell; rows of fewer than `least` are dropped. */
class HiddenRuns {
  readonly #sourceBytes: number;
  readonly #least: number;
  #out = new Uint8Array(0);
  #written = 0;
  /** Start of the current row here, and its start and end in the source. */
  #from = 0;
  #start = -1;
  #end = -1;
  readonly #outStarts: number[] = [];
  readonly #sourceStarts: number[] = [];
  readonly #sourceEnds: number[] = [];

  constructor(sourceBytes: number, least: number) {
    this.#sourceBytes = sourceBytes;
    this.#least = least;
  }

  add(byte: number, at: number, length: number): void {
    if (at !== this.#end) {
      this.#close();
      this.#start = at;
    }
    // The shortest character takes three bytes of the source; one byte more for the line break at the end.
    if (this.#out.length === 0) this.#out = new Uint8Array(Math.ceil(this.#sourceBytes / 3) + 1);
    this.#out[this.#written++] = byte;
    this.#end = at + length;
  }

  done(): DecodedRuns | undefined {
    this.#close();
    if (this.#outStarts.length === 0) return undefined;
    this.#out[this.#written++] = NEWLINE;
    return {
      bytes: this.#out.subarray(0, this.#written),
      outStarts: this.#outStarts,
      sourceStarts: this.#sourceStarts,
      sourceEnds: this.#sourceEnds,
    };
  }

  #close(): void {
    if (this.#written - this.#from < this.#least) this.#written = this.#from;
    else if (this.#written > this.#from) {
      this.#outStarts.push(this.#from);
      this.#sourceStarts.push(this.#start);
      this.#sourceEnds.push(this.#end);
    }
    this.#from = this.#written;
  }
}
