import { BASE64_RUN_MIN, BINARY_RUN_MIN, HEX_RUN_MIN, WRAPPED_LINE_MIN } from "../limits.ts";
import { hexValue, isBase64, isHex, NEWLINE } from "../matching/bytes.ts";
import { hasBinaryMagic, keepText } from "./binary.ts";
import { CONTEXT_BYTES, type Stretch } from "./stretches.ts";

/** What was decoded from runs of letters, one after the other, and where each run stood. */
export interface DecodedRuns {
  readonly bytes: Uint8Array;
  /** For each run: where its text starts here, where the run starts and ends in the source. */
  readonly outStarts: readonly number[];
  readonly sourceStarts: readonly number[];
  readonly sourceEnds: readonly number[];
}

/** Which runs are worth decoding; a view made by decoding need not repeat what its source already showed. */
export type RunFilter = (start: number, end: number) => boolean;

const SEXTET = new Uint8Array(256).fill(255);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((letter, value) => {
  SEXTET[letter.charCodeAt(0)] = value;
});
SEXTET[0x2d] = 62;
SEXTET[0x5f] = 63;
const RUN = SEXTET.map((value) => (value === 255 ? 0 : 1));

/**
 * Finds every run of base64 letters (either alphabet, wrapped lines joined) and of hexadecimal digits, and decodes it. Those that lie
 * within a stretch that was copied were found where it was copied from, and are not wanted.
 */
export function decodeRuns(
  bytes: Uint8Array,
  wanted: RunFilter,
  copied: readonly Stretch[] = [],
): { base64?: DecodedRuns; hex?: DecodedRuns } {
  const base64 = new RunWriter(bytes);
  const hex = new RunWriter(bytes);
  const length = bytes.length;
  let at = 0;
  const jumps = new Jumps(bytes, copied);
  // A run of the least length covers every sixteenth byte of some row: only those are looked at until one fits.
  for (let look = BASE64_RUN_MIN - 1; look < length; look = at + BASE64_RUN_MIN - 1) {
    if (at >= jumps.from) {
      at = jumps.over(at);
      continue;
    }
    if (RUN[bytes[look] as number] === 0) {
      at = look + 1;
      continue;
    }
    let start = look;
    while (start > at && RUN[bytes[start - 1] as number] === 1) start--;
    at = look + 1;
    while (at < length && RUN[bytes[at] as number] === 1) at++;
    if (at - start < BASE64_RUN_MIN) continue;
    at = joinWrapped(bytes, start, at);
    if (!wanted(start, at)) continue;
    base64.base64(start, at);
    if (isUneven(bytes, start, at)) base64.lines(start, at);
    if (at - start >= HEX_RUN_MIN) hex.hex(start, at);
  }
  return { ...base64.done("base64"), ...hex.done("hex") };
}

/** Ways over the insides of copied stretches, in ascending order. */
class Jumps {
  readonly #bytes: Uint8Array;
  readonly #copied: readonly Stretch[];
  #next = 0;
  /** From here on there is something to jump over. */
  from = Infinity;

  constructor(bytes: Uint8Array, copied: readonly Stretch[]) {
    this.#bytes = bytes;
    this.#copied = copied;
    this.#setFrom();
  }

  /** Where the runs begin that reach the end of the stretch: with what stands before it they have nothing in common. */
  over(at: number): number {
    const { out, length } = this.#copied[this.#next++] as Stretch;
    this.#setFrom();
    let to = out + length - CONTEXT_BYTES;
    while (to > at && (RUN[this.#bytes[to - 1] as number] === 1 || isLineBreak(this.#bytes[to - 1]))) to--;
    return Math.max(at, to);
  }

  /** A run that begins right behind an edit is wanted. */
  #setFrom(): void {
    const next = this.#copied[this.#next];
    this.from = next === undefined ? Infinity : next.out + CONTEXT_BYTES + 1;
  }
}

function isLineBreak(byte: number | undefined): boolean {
  return byte === NEWLINE || byte === 0x0d;
}

/** A line break inside a run belongs to it when the lines are as long as base64 encoders make them. */
function joinWrapped(bytes: Uint8Array, start: number, end: number): number {
  let lineStart = start;
  let lineEnd = end;
  while (lineEnd - lineStart >= WRAPPED_LINE_MIN) {
    const next = bytes[lineEnd] === 0x0d && bytes[lineEnd + 1] === NEWLINE ? lineEnd + 2 : lineEnd + 1;
    if (bytes[next - 1] !== NEWLINE || !isBase64(bytes[next])) break;
    lineStart = next;
    lineEnd = next;
    while (lineEnd < bytes.length && RUN[bytes[lineEnd] as number] === 1) lineEnd++;
  }
  return lineEnd;
}

/** An encoder's lines are equally long but for the last: others may be texts of their own, each of which shifts the next. */
function isUneven(bytes: Uint8Array, start: number, end: number): boolean {
  let length: number | undefined;
  for (let from = start; from < end; ) {
    const to = lineEndOf(bytes, from, end);
    if (length !== undefined && (to < end ? to - from !== length : to - from > length)) return true;
    length ??= to - from;
    from = nextLine(bytes, to, end);
  }
  return false;
}

function lineEndOf(bytes: Uint8Array, from: number, end: number): number {
  let to = from;
  while (to < end && RUN[bytes[to] as number] === 1) to++;
  return to;
}

function nextLine(bytes: Uint8Array, from: number, end: number): number {
  let next = from;
  while (next < end && RUN[bytes[next] as number] === 0) next++;
  return next;
}

/** Letters looked at to find how a run is shifted. */
const SAMPLE = 64;

class RunWriter {
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
    this.#room();
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
    let bits = 0;
    let held = 0;
    for (let index = start; index < end; index++) {
      const value = SEXTET[source[index] as number] as number;
      if (value === 255) continue;
      bits = ((bits << 6) | value) & 0xffff;
      held += 6;
      if (held < 8) continue;
      held -= 8;
      const byte = (bits >> held) & 0xff;
      strange += STRANGE[byte] as number;
      out[written++] = byte;
    }
    this.#length = written - this.#written;
    return strange;
  }

  /** 1 to 3 when the last letters of the run are text from there on, else 0. */
  #likelyShift(start: number, end: number): number {
    const whole = Math.max(0, Math.floor((end - start - SAMPLE) / 4)) * 4;
    for (let shift = 1; shift < 4; shift++) {
      const strange = this.#sextets(start + whole + shift, end);
      if (strange * 8 < this.#length) return shift;
    }
    this.#sextets(start, end);
    return 0;
  }

  /** Each stretch of digits in a run: other letters may stand on the line before or after it. */
  hex(start: number, end: number): void {
    const source = this.#source;
    for (let first = start; first < end; first++) {
      if (!isHex(source[first])) continue;
      let last = first;
      while (last < end && (isHex(source[last]) || source[last] === NEWLINE || source[last] === 0x0d)) last++;
      if (last - first >= HEX_RUN_MIN) this.#digits(first, last);
      first = last;
    }
  }

  #digits(start: number, end: number): void {
    this.#room();
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

  #room(): void {
    // Three bytes for four letters, and the same once more where lines are decoded by themselves, too.
    if (this.#out.length === 0) this.#out = new Uint8Array(2 * this.#source.length);
  }
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
