import { codePointAt, NEWLINE, utf8Length } from "../matching/bytes.ts";
import { isTag, isVariationSelector } from "./invisible.ts";
import type { DecodedRuns } from "./runs.ts";

/** Variation selectors come alone after a base character; from so many in a row on they carry data. */
const SELECTOR_RUN_MIN = 4;

/** Text written in characters that show nothing: Unicode tags (ASCII plus U+E0000), variation selectors (one byte each). */
export function decodeHidden(bytes: Uint8Array): { tags?: DecodedRuns; selectors?: DecodedRuns } {
  // Nearly all texts have neither lead byte; the search for one byte is native and costs nothing beside the rest.
  const hasSupplementary = bytes.includes(0xf3);
  if (!hasSupplementary && !bytes.includes(0xef)) return {};
  const tags = hasSupplementary ? collect(bytes, isTag, (point) => point - 0xe0000, 1) : undefined;
  const selectors = collect(bytes, isVariationSelector, selectorByte, SELECTOR_RUN_MIN);
  return { ...(tags && { tags }), ...(selectors && { selectors }) };
}

function selectorByte(point: number): number {
  return point <= 0xfe0f ? point - 0xfe00 : point - 0xe0100 + 16;
}

/** Looks only where a lead byte allows it: 0xF3 for tags and supplementary selectors, 0xEF for the basic ones. */
function collect(
  bytes: Uint8Array,
  belongs: (point: number) => boolean,
  decode: (point: number) => number,
  least: number,
): DecodedRuns | undefined {
  const out: number[] = [];
  const outStarts: number[] = [];
  const sourceStarts: number[] = [];
  const sourceEnds: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] as number;
    // U+FE00 to U+FE0F are EF B8 80 to EF B8 8F.
    if (lead === 0xef ? bytes[at + 1] !== 0xb8 : lead !== 0xf3) continue;
    if (!belongs(codePointAt(bytes, at))) continue;
    const start = at;
    const from = out.length;
    for (let point = codePointAt(bytes, at); belongs(point); point = codePointAt(bytes, at)) {
      out.push(decode(point));
      at += utf8Length(point);
    }
    if (out.length - from < least) out.length = from;
    else {
      outStarts.push(from);
      sourceStarts.push(start);
      sourceEnds.push(at);
    }
    at--;
  }
  if (outStarts.length === 0) return undefined;
  out.push(NEWLINE);
  return { bytes: Uint8Array.from(out), outStarts, sourceStarts, sourceEnds };
}
