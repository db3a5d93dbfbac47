import { deepFreeze } from "../base/deep-freeze.ts";
import { ZtlError } from "../errors.ts";
import type { Finding, Verdict } from "../guard/index.ts";
import type { Rescan } from "./admitted-text.ts";
import { ASSEMBLY_BYTES_MAX, ASSEMBLY_ENTRIES_MAX } from "./limits.ts";

/**
 * Stands between the entries: no format's white space, so no object, tag or token goes on behind it, and no decoding or folding makes
 * anything else of it.
 */
export const ENTRY_SEPARATOR = "\n\n· · ·\n\n";
/**
 * What others put between entries, in turn. Halves that make a whole with one of these are no more harmless for being kept apart here.
 * The last two are for what counts at the start of a line only: halves without anything between them, and other entries around them.
 */
const OTHER_SEPARATORS = [[""], [" "], ["\n\n"], ["", "\n\n"], ["\n\n", ""]];

/** A place where two entries meet that together are more than each was alone. */
export interface Joint {
  /** Positions of the entries in which the structure begins and ends. */
  readonly first: number;
  readonly last: number;
  readonly rule: string;
  readonly family: Finding["family"];
  /** Short, without content: it may be told to a model. */
  readonly reason: string;
}

export type AssembleResult =
  | { readonly status: "assembled"; readonly text: string }
  /** Leave out one of the entries at each joint, or all. */
  | { readonly status: "refused"; readonly joints: readonly Joint[] };

/**
 * One text of several that came into memory one by one: passages found in a store, messages of a conversation. Each was looked at alone;
 * this looks at what they make together, with the separator between them and as others join them. What lies within one entry was decided
 * when it was let in. Throws ZtlError `assembly-too-large`.
 */
export function assemble(rescan: Rescan, texts: readonly string[]): AssembleResult {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (texts.length > ASSEMBLY_ENTRIES_MAX || bytes > ASSEMBLY_BYTES_MAX)
    throw new ZtlError(
      "assembly-too-large",
      `At most ${ASSEMBLY_ENTRIES_MAX} entries of ${ASSEMBLY_BYTES_MAX} bytes together; found ${texts.length} of ${bytes}`,
    );
  // What is alone meets nothing; it was decided when it was let in.
  if (texts.length < 2) return { status: "assembled", text: texts.join() };
  const joints = [[ENTRY_SEPARATOR], ...OTHER_SEPARATORS]
    .filter((separators) => separators.length < texts.length)
    .flatMap((separators) => jointsOf(rescan, texts, separators));
  if (joints.length === 0) return { status: "assembled", text: texts.join(ENTRY_SEPARATOR) };
  return deepFreeze({ status: "refused" as const, joints: unique(joints) });
}

function jointsOf(rescan: Rescan, texts: readonly string[], separators: readonly string[]): Joint[] {
  const pieces = texts.map((text, index) =>
    index + 1 < texts.length ? text + (separators[index % separators.length] as string) : text,
  );
  const verdict = rescan(pieces.join(""));
  if (verdict.decision === "admit") return [];
  const ends = endsOf(pieces);
  return seriousOf(verdict).flatMap((finding): Joint[] => {
    // Behind a limit nobody looked at what the entries make together, whichever of them reached it.
    if (finding.family === "limit") return [jointOf(finding, 0, texts.length - 1)];
    const [first, last] = [entryAt(ends, finding.start), entryAt(ends, finding.end - 1)];
    return first < last ? [jointOf(finding, first, last)] : [];
  });
}

function seriousOf({ findings }: Verdict): Finding[] {
  return findings.filter(({ severity }) => severity !== "info" && severity !== "low");
}

/** Offset behind each entry and its separator, in UTF-8. */
function endsOf(pieces: readonly string[]): number[] {
  let at = 0;
  return pieces.map((piece) => {
    at += Buffer.byteLength(piece);
    return at;
  });
}

/** The entry in which the byte at this offset stands; a separator belongs to the entry before it. */
function entryAt(ends: readonly number[], offset: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offset < (ends[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function jointOf({ rule, family, reason }: Finding, first: number, last: number): Joint {
  return { first, last, rule, family, reason };
}

function unique(joints: readonly Joint[]): Joint[] {
  return [...new Map(joints.map((joint) => [`${joint.first}:${joint.last}:${joint.rule}`, joint])).values()];
}
