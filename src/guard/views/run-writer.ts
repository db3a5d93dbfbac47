import { BASE64_RUN_MIN, BINARY_RUN_MIN, HEX_RUN_MIN } from "../limits.ts";
import { hexValue, isHex, NEWLINE } from "../matching/bytes.ts";
import { hasBinaryMagic, keepText } from "./binary.ts";

/** What was decoded from runs of letters, one after the other, and where each run stood. */
export interface DecodedRuns {
  readonly bytes: Uint8Array;
  /** For each run: where its text starts here, where the run starts and ends in the source. */
  readonly outStarts: readonly number[];
  readonly sourceStarts: readonly number[];
  readonly sourceEnds: readonly number[];
}

/** The value of what is no letter of base64. */
const BREAK = 255;
/** In two values at a time. */
const ANY_BREAK = 0x8080;
const SEXTET = new Uint8Array(256).fill(BREAK);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((letter, value) => {
  SEXTET[letter.charCodeAt(0)] = value;
});
SEXTET[0x2d] = 62;
SEXTET[0x5f] = 63;
/** 1 for what runs are made of. */
export const RUN = SEXTET.map((value) => (value === BREAK ? 0 : 1));

export function lineEndOf(bytes: Uint8Array, from: number, end: number): number {
  let to = from;
  while (to < end && RUN[bytes[to] as number] === 1) to++;
  return to;
}

export function nextLine(bytes: Uint8Array, from: number, end: number): number {
  let next = from;
  while (next < end && RUN[bytes[next] as number] === 0) next++;
  return next;
}

/** 1 for hexadecimal digits and line breaks. */
const HEX_STRETCH = Uint8Array.from({ length: 256 }, (_, byte) =>
  isHex(byte) || byte === NEWLINE || byte === 0x0d ? 1 : 0,
);

/** What a first run gets: the runs of nearly all texts together fit. */
const ROOM_BYTES_MIN = 4096;

/** Letters looked at to find how a run is shifted. */
const SAMPLE = 64;

export class RunWriter {
  readonly #source: Uint8Array;
  #out = new Uint8Array(0);
  #written = 0;
  /** Bytes of the last decoding. */
  #length = 0;
  readonly #outStarts: number[] = [];
  readonly #sourceStarts: number[] = [];
  readonly #sourceEnds: number[] = [];

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  done<K extends "base64" | "hex">(kind: K): { [P in K]?: DecodedRuns } {
    if (this.#outStarts.length === 0) return {};
    const runs: DecodedRuns = {
      bytes: this.#out.subarray(0, this.#written),
      outStarts: this.#outStarts,
      sourceStarts: this.#sourceStarts,
      sourceEnds: this.#sourceEnds,
    };
    return { [kind]: runs } as { [P in K]?: DecodedRuns };
  }

  base64(start: number, end: number): void {
    this.#room(end - start);
    const from = this.#written;
    let strange = this.#sextets(start, end);
    // Letters before the payload (`path/PHxpbV…`) shift it: the end of the run tells by how much.
    if (strange * 4 > this.#length) {
      const shift = this.#likelyShift(start, end);
      if (shift !== 0) strange = this.#sextets(start + shift, end);
    }
    this.#keep(start, end, from, from + this.#length, strange);
  }

  /** Each line of a run by itself. */
  lines(start: number, end: number): void {
    for (let from = start; from < end; ) {
      const to = lineEndOf(this.#source, from, end);
      if (to - from >= BASE64_RUN_MIN) this.base64(from, to);
      from = nextLine(this.#source, to, end);
    }
  }

  /** Decodes the letters from `start` to `end` after what is written; gives the number of bytes unlike text. */
  #sextets(start: number, end: number): number {
    const source = this.#source;
    const out = this.#out;
    let written = this.#written;
    let strange = 0;
    for (let index = start; index < end; ) {
      for (; index + 4 <= end; index += 4) {
        const high =
          ((SEXTET[source[index] as number] as number) << 8) | (SEXTET[source[index + 1] as number] as number);
        const low =
          ((SEXTET[source[index + 2] as number] as number) << 8) | (SEXTET[source[index + 3] as number] as number);
        if (((high | low) & ANY_BREAK) !== 0) break;
        const first = ((high >> 6) & 0xfc) | ((high >> 4) & 3);
        const second = ((high << 4) & 0xf0) | (low >> 10);
        const third = ((low >> 2) & 0xc0) | (low & 0x3f);
        out[written] = first;
        out[written + 1] = second;
        out[written + 2] = third;
        written += 3;
        strange += (STRANGE[first] as number) + (STRANGE[second] as number) + (STRANGE[third] as number);
      }
      // Four letters with a line break among them, or the last ones.
      let bits = 0;
      let held = 0;
      for (let taken = 0; taken < 4 && index < end; index++) {
        const value = SEXTET[source[index] as number] as number;
        if (value === BREAK) continue;
        bits = ((bits << 6) | value) & 0xffff;
        taken++;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        const byte = (bits >> held) & 0xff;
        strange += STRANGE[byte] as number;
        out[written++] = byte;
      }
    }
    this.#length = written - this.#written;
    return strange;
  }

  /** 1 to 3 when the last letters of the run are text from there on, else 0. */
  #likelyShift(start: number, end: number): number {
    const whole = Math.max(0, Math.floor((end - start - SAMPLE) / 4)) * 4;
    for (let shift = 1; shift < 4; shift++) if (isLikelyText(this.#source, start + whole + shift, end)) return shift;
    return 0;
  }

  /** Each stretch of digits in a run: other letters may stand on the line before or after it. */
  hex(start: number, end: number): void {
    const source = this.#source;
    let from = start;
    // A stretch of the least length covers one of the bytes that are looked at.
    for (let look = start + HEX_RUN_MIN - 1; look < end; look = from + HEX_RUN_MIN - 1) {
      if (HEX_STRETCH[source[look] as number] === 0) {
        from = look + 1;
        continue;
      }
      let first = look;
      while (first > from && HEX_STRETCH[source[first - 1] as number] === 1) first--;
      while (first < end && !isHex(source[first]) && HEX_STRETCH[source[first] as number] === 1) first++;
      let last = Math.max(first, look);
      while (last < end && HEX_STRETCH[source[last] as number] === 1) last++;
      if (last - first >= HEX_RUN_MIN) this.#digits(first, last);
      from = last + 1;
    }
  }

  #digits(start: number, end: number): void {
    this.#room(end - start);
    const from = this.#written;
    let written = from;
    let strange = 0;
    let high = -1;
    for (let index = start; index < end; index++) {
      const byte = this.#source[index] as number;
      if (!isHex(byte)) continue;
      if (high < 0) high = hexValue(byte);
      else {
        const value = high * 16 + hexValue(byte);
        strange += STRANGE[value] as number;
        this.#out[written++] = value;
        high = -1;
      }
    }
    this.#keep(start, end, from, written, strange);
  }

  /**
   * Short runs that decode to noise are identifiers, paths and digests. Of long ones (pictures, archives, keys) the stretches
   * of text stay, as junk may precede a payload and a picture may carry one; there are none in nearly all.
   */
  #keep(start: number, end: number, from: number, decoded: number, strange: number): void {
    const length = decoded - from;
    const isNoise = strange * 4 > length;
    if (isNoise && end - start < BINARY_RUN_MIN) return;
    const isBinary = isNoise || hasBinaryMagic(this.#out, from, decoded);
    const written = isBinary ? keepText(this.#out, from, decoded) : decoded;
    if (written === from) return;
    this.#outStarts.push(from);
    this.#sourceStarts.push(start);
    this.#sourceEnds.push(end + paddingLength(this.#source, end));
    // The line break keeps neighbouring runs from forming one text that nobody would see.
    this.#out[written] = NEWLINE;
    this.#written = written + 1;
  }

  /** For what so many letters decode to at most, and a line break. */
  #room(letters: number): void {
    const needed = this.#written + letters + 1;
    if (this.#out.length >= needed) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#out.length, ROOM_BYTES_MIN));
    grown.set(this.#out.subarray(0, this.#written));
    this.#out = grown;
  }
}

/** Whether what the letters decode to is text but for every eighth byte at most. */
function isLikelyText(source: Uint8Array, start: number, end: number): boolean {
  const strangeMax = Math.floor((end - start) * 6) / 8 / 8;
  let [strange, length, bits, held] = [0, 0, 0, 0];
  for (let index = start; index < end; index++) {
    const value = SEXTET[source[index] as number] as number;
    if (value === BREAK) continue;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    length++;
    strange += STRANGE[(bits >> held) & 0xff] as number;
    if (strange >= strangeMax) return false;
  }
  return strange * 8 < length;
}

/** Bytes that text seldom has: controls, and in base64 noise about half of all bytes are beyond ASCII. */
const STRANGE = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++)
  STRANGE[byte] = (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 0x7f || byte >= 0xf5 ? 1 : 0;
for (let byte = 0x80; byte < 0xf5; byte++) STRANGE[byte] = 1;

/** Base64 ends with up to two `=` that carry nothing but belong to it. */
function paddingLength(source: Uint8Array, end: number): number {
  if (source[end] !== 0x3d) return 0;
  return source[end + 1] === 0x3d ? 2 : 1;
}
