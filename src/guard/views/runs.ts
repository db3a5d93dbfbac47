import { BASE64_RUN_MIN, HEX_RUN_MIN, WRAPPED_LINE_MIN } from "../limits.ts";
import { isBase64, NEWLINE } from "../matching/bytes.ts";
import { type DecodedRuns, lineEndOf, nextLine, RUN, RunWriter } from "./run-writer.ts";
import { CONTEXT_BYTES, type Stretch } from "./stretches.ts";

/** Which runs are worth decoding; a view made by decoding need not repeat what its source already showed. */
export type RunFilter = (start: number, end: number) => boolean;

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
