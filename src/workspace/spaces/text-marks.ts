import { compareTexts, type Hunk } from "./text-merge.ts";

/** What both sides changed, from the first line of the base to the last (exclusive). */
interface Region {
  readonly from: number;
  readonly to: number;
  readonly ours: readonly Hunk[];
  readonly theirs: readonly Hunk[];
}

/**
 * Both changes of a text that cannot be put together: where they meet, one below the other between the markers that diff3(1) and git
 * use, and editors and people know. Undefined when one of them is no text, or they are too large or too different to be compared.
 */
export function markConflicts(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  const compared = compareTexts(base, ours, theirs);
  if (compared === undefined) return undefined;
  const { baseLines, ourHunks, theirHunks } = compared;
  const made: (readonly string[])[] = [];
  let at = 0;
  for (const region of regionsOf(ourHunks, theirHunks)) {
    made.push(baseLines.slice(at, region.from), linesOfRegion(region, baseLines));
    at = region.to;
  }
  made.push(baseLines.slice(at));
  return Buffer.from(made.map((lines) => lines.join("")).join(""), "utf8");
}

/** Hunks that overlap, or touch each other, are looked at together. */
function regionsOf(ours: readonly Hunk[], theirs: readonly Hunk[]): Region[] {
  const sided = [
    ...ours.map((hunk) => ({ side: "ours" as const, hunk })),
    ...theirs.map((hunk) => ({ side: "theirs" as const, hunk })),
  ].sort((a, b) => a.hunk.from - b.hunk.from || a.hunk.to - b.hunk.to);
  const regions: { from: number; to: number; ours: Hunk[]; theirs: Hunk[] }[] = [];
  for (const { side, hunk } of sided) {
    const last = regions.at(-1);
    if (last !== undefined && hunk.from <= last.to) {
      last.to = Math.max(last.to, hunk.to);
      last[side].push(hunk);
    } else regions.push({ from: hunk.from, to: hunk.to, ours: [], theirs: [], [side]: [hunk] });
  }
  return regions;
}

function linesOfRegion({ from, to, ours, theirs }: Region, base: readonly string[]): readonly string[] {
  const our = applied(ours, base, from, to);
  const their = applied(theirs, base, from, to);
  if (theirs.length === 0 || our.join("") === their.join("")) return our;
  if (ours.length === 0) return their;
  return ["<<<<<<< host\n", ...ended(our), "=======\n", ...ended(their), ">>>>>>> agent\n"];
}

/** One side's lines in the place of these lines of the base. */
function applied(hunks: readonly Hunk[], base: readonly string[], from: number, to: number): string[] {
  const made: (readonly string[])[] = [];
  let at = from;
  for (const hunk of hunks) {
    made.push(base.slice(at, hunk.from), hunk.lines);
    at = hunk.to;
  }
  return [...made, base.slice(at, to)].flat();
}

/** A marker stands on a line of its own. */
function ended(lines: readonly string[]): readonly string[] {
  const last = lines.at(-1);
  return last === undefined || last.endsWith("\n") ? lines : [...lines.slice(0, -1), `${last}\n`];
}
