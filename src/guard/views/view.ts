import { lastAtMost } from "../../base/sorted.ts";
import type { Decoding } from "../finding.ts";
import type { Decoded } from "./decode.ts";
import type { DecodedRuns } from "./run-writer.ts";
import { CONTEXT_BYTES, type Stretch } from "./stretches.ts";

/** A span of the original bytes, and what was undone on the way from them, outermost first. */
export interface Origin {
  readonly start: number;
  readonly end: number;
  readonly path: readonly Decoding[];
}

/** A text to scan: the content itself, or something decoded from it. */
export interface View {
  readonly bytes: Uint8Array;
  readonly depth: number;
  /** Where a span of this view comes from. */
  origin(start: number, end: number): Origin;
  /** False when the view's source shows the very same at this span, so that it was seen there already. */
  isNew(start: number, end: number): boolean;
  /** A number for the decoded run that is the origin of this span and of its neighbours; -1 when it has one of its own. */
  place(start: number, end: number): number;
  /** The place of every span, when all of the view comes from one run; else -1. */
  readonly onlyPlace: number;
  /** What was copied from the view's source as it was. */
  readonly stretches: readonly Stretch[];
}

export function contentView(bytes: Uint8Array): View {
  return {
    bytes,
    depth: 0,
    origin: (start, end) => ({ start, end, path: [] }),
    isNew: () => true,
    place: () => -1,
    onlyPlace: -1,
    stretches: [],
  };
}

/** A view made by one level of normalisation. */
export function levelView(source: View, { bytes, map, stretches }: Decoded): View {
  return {
    bytes,
    stretches,
    depth: source.depth + 1,
    isNew: (start, end) => map.touches(start - CONTEXT_BYTES, end + CONTEXT_BYTES),
    onlyPlace: source.onlyPlace,
    place: (start, end) => (source.onlyPlace >= 0 ? source.onlyPlace : source.place(map.start(start), map.end(end))),
    origin(start, end) {
      const inner = map.kinds(start, end - 1);
      const kinds = inner.length > 0 ? inner : map.kinds(start - CONTEXT_BYTES, end + CONTEXT_BYTES);
      return throughSource(source, map.start(start), map.end(end), kinds);
    },
  };
}

/** A view made of decoded runs; its spans are whole runs, as a part of a run cannot be pointed at or replaced. */
export function runsView(source: View, runs: DecodedRuns, decoding: Decoding): View {
  // Findings come run by run, and many in one: its origin is looked up once, and only when it is asked for.
  let last = { first: -1, final: -1, from: 0, to: 0, place: -1, origin: undefined as Origin | undefined };
  const runOf = (at: number): number => {
    const { first } = last;
    const isSame =
      first >= 0 && (runs.outStarts[first] as number) <= at && !((runs.outStarts[first + 1] as number) <= at);
    return isSame ? first : lastAtMost(runs.outStarts, at);
  };
  const ofRuns = (start: number, end: number): typeof last => {
    const [first, final] = [runOf(start), runOf(Math.max(start, end - 1))];
    if (last.first === first && last.final === final) return last;
    const [from, to] = [runs.sourceStarts[first] as number, runs.sourceEnds[final] as number];
    last = { first, final, from, to, place: source.place(from, to), origin: undefined };
    if (last.place < 0) last.place = placeOf(originOf(last));
    return last;
  };
  const originOf = (found: typeof last): Origin => {
    found.origin ??= throughSource(source, found.from, found.to, [decoding]);
    return found.origin;
  };
  const isOne = source.onlyPlace < 0 && runs.outStarts.length === 1;
  const onlyPlace = isOne ? ofRuns(0, runs.bytes.length).place : source.onlyPlace;
  return {
    bytes: runs.bytes,
    stretches: [],
    depth: source.depth + 1,
    isNew: () => true,
    onlyPlace,
    place: (start, end) => (onlyPlace >= 0 ? onlyPlace : ofRuns(start, end).place),
    origin: (start, end) => originOf(ofRuns(start, end)),
  };
}

/** Offsets below this, two in one number, are exact. */
const PLACE_OFFSETS = 2 ** 26;

function placeOf({ start, end }: Origin): number {
  return end < PLACE_OFFSETS ? start * PLACE_OFFSETS + end : -1;
}

function throughSource(source: View, start: number, end: number, kinds: readonly Decoding[]): Origin {
  const outer = source.origin(start, Math.max(start, end));
  return { ...outer, path: [...outer.path, ...kinds] };
}
