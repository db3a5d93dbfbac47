import { diffArrays } from "diff";
import { isText } from "../changes/flags.ts";
import { DIFF_EDITS_MAX, DIFF_TIMEOUT_MS, MERGED_TEXT_BYTES_MAX } from "../limits.ts";

/** Lines `from` to `to` (exclusive) of the base that a side has replaced by its own. */
export interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * Three-way merge of texts, line by line, as diff3(1) does it: what one side changed is taken, and so is what both changed alike.
 * Undefined when both changed the same lines, or lines beside each other, in different ways; when one of them is no text; or when
 * they are too large or too different to be compared.
 */
export function mergeTexts(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  const compared = compareTexts(base, ours, theirs);
  if (compared === undefined) return undefined;
  const { baseLines, ourHunks, theirHunks } = compared;
  const hunks = combine(ourHunks, theirHunks);
  if (hunks === undefined) return undefined;
  const merged: (readonly string[])[] = [];
  let at = 0;
  for (const { from, to, lines } of hunks) {
    merged.push(baseLines.slice(at, from), lines);
    at = to;
  }
  merged.push(baseLines.slice(at));
  return Buffer.from(merged.map((lines) => lines.join("")).join(""), "utf8");
}

export interface ComparedTexts {
  readonly baseLines: readonly string[];
  readonly ourHunks: readonly Hunk[];
  readonly theirHunks: readonly Hunk[];
}

/** Undefined when one of them is no text, or they are too large or too different to be compared. */
export function compareTexts(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): ComparedTexts | undefined {
  const all = [base, ours, theirs];
  if (all.some((content) => content.length > MERGED_TEXT_BYTES_MAX || !isText(content))) return undefined;
  const [baseLines, ourLines, theirLines] = all.map(linesOf) as [string[], string[], string[]];
  const ourHunks = hunksOf(baseLines, ourLines);
  const theirHunks = hunksOf(baseLines, theirLines);
  return ourHunks && theirHunks && { baseLines, ourHunks, theirHunks };
}

/** With their line feeds, so that joined they are the text again. */
function linesOf(content: Uint8Array): string[] {
  return (
    Buffer.from(content)
      .toString("utf8")
      .match(/[^\n]*\n|[^\n]+$/g) ?? []
  );
}

/**
 * Of the ways to tell what a side did, which are many where lines are alike, the one that a person would: what is the same at the
 * beginning and at the end stays, and lines are changed in their places where that explains it with as few edits.
 */
function hunksOf(base: readonly string[], side: readonly string[]): Hunk[] | undefined {
  const shorter = Math.min(base.length, side.length);
  let start = 0;
  while (start < shorter && base[start] === side[start]) start++;
  let end = 0;
  while (end < shorter - start && base[base.length - 1 - end] === side[side.length - 1 - end]) end++;
  const [before, after] = [base.slice(start, base.length - end), side.slice(start, side.length - end)];
  const compared = comparedHunks(before, after);
  if (compared === undefined) return undefined;
  const inPlace = before.length === after.length ? hunksInPlace(before, after) : undefined;
  const hunks = inPlace !== undefined && editsOf(inPlace) <= editsOf(compared) ? inPlace : compared;
  return hunks.map(({ from, to, lines }) => ({ from: from + start, to: to + start, lines }));
}

function editsOf(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, { from, to, lines }) => sum + to - from + lines.length, 0);
}

/** Line for line, of as many lines. */
function hunksInPlace(base: readonly string[], side: readonly string[]): Hunk[] {
  const hunks: { from: number; to: number; lines: string[] }[] = [];
  for (const [at, line] of side.entries()) {
    if (line === base[at]) continue;
    const last = hunks.at(-1);
    if (last?.to === at) {
      last.to++;
      last.lines.push(line);
    } else hunks.push({ from: at, to: at + 1, lines: [line] });
  }
  return hunks;
}

function comparedHunks(base: string[], side: string[]): Hunk[] | undefined {
  const parts = diffArrays(base, side, { maxEditLength: DIFF_EDITS_MAX, timeout: DIFF_TIMEOUT_MS });
  if (parts === undefined) return undefined;
  const hunks: Hunk[] = [];
  let at = 0;
  let open: { from: number; to: number; lines: string[] } | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      at += value.length;
      open = undefined;
      continue;
    }
    if (open === undefined) {
      open = { from: at, to: at, lines: [] };
      hunks.push(open);
    }
    if (removed) {
      at += value.length;
      open.to = at;
    } else open.lines = open.lines.concat(value);
  }
  return hunks;
}

/** Both sides' hunks in the order of the base; undefined when two of them touch and are not the same. */
function combine(ours: readonly Hunk[], theirs: readonly Hunk[]): Hunk[] | undefined {
  const all: Hunk[] = [];
  let [i, j] = [0, 0];
  while (i < ours.length || j < theirs.length) {
    const [our, their] = [ours[i], theirs[j]];
    if (our !== undefined && their !== undefined && our.from <= their.to && their.from <= our.to) {
      if (!isSameHunk(our, their)) return undefined;
      all.push(our);
      i++;
      j++;
    } else if (their === undefined || (our !== undefined && our.from < their.from)) {
      all.push(our as Hunk);
      i++;
    } else {
      all.push(their);
      j++;
    }
  }
  return all;
}

function isSameHunk(a: Hunk, b: Hunk): boolean {
  const haveSameLines = a.lines.length === b.lines.length && a.lines.every((line, index) => line === b.lines[index]);
  return a.from === b.from && a.to === b.to && haveSameLines;
}
