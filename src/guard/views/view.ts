import type { Decoding } from "../finding.ts";
import type { OffsetMap } from "./offset-map.ts";
import type { DecodedRuns } from "./runs.ts";

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
}

/** Bytes around a span that decide whether it counts (line starts, closing quotes): edits there make it new. */
const CONTEXT_BYTES = 2;

export function contentView(bytes: Uint8Array): View {
  return { bytes, depth: 0, origin: (start, end) => ({ start, end, path: [] }), isNew: () => true };
}

/** A view made by one level of normalisation. */
export function levelView(source: View, bytes: Uint8Array, map: OffsetMap): View {
  return {
    bytes,
    depth: source.depth + 1,
    isNew: (start, end) => map.touches(start - CONTEXT_BYTES, end + CONTEXT_BYTES),
    origin(start, end) {
      const inner = map.kinds(start, end - 1);
      const kinds = inner.length > 0 ? inner : map.kinds(start - CONTEXT_BYTES, end + CONTEXT_BYTES);
      return throughSource(source, map.start(start), map.end(end), kinds);
    },
  };
}

/** A view made of decoded runs; its spans are whole runs, as a part of a run cannot be pointed at or replaced. */
export function runsView(source: View, runs: DecodedRuns, decoding: Decoding): View {
  return {
    bytes: runs.bytes,
    depth: source.depth + 1,
    isNew: () => true,
    origin(start, end) {
      const from = runs.sourceStarts[runAt(runs.outStarts, start)] as number;
      const to = runs.sourceEnds[runAt(runs.outStarts, Math.max(start, end - 1))] as number;
      return throughSource(source, from, to, [decoding]);
    },
  };
}

function throughSource(source: View, start: number, end: number, kinds: readonly Decoding[]): Origin {
  const outer = source.origin(start, Math.max(start, end));
  return { ...outer, path: [...outer.path, ...kinds] };
}

/** Index of the run that holds the byte at `out`. */
function runAt(outStarts: readonly number[], out: number): number {
  let low = 0;
  let high = outStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((outStarts[middle] as number) <= out) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
