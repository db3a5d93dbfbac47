import { structuredPatch } from "diff";
import { isText } from "../changes/flags.ts";
import {
  DIFF_BYTES_MAX,
  DIFF_CONTEXT_LINES,
  DIFF_EDITS_MAX,
  DIFF_LINES_MAX,
  DIFF_SHOWN_LINES,
  DIFF_TIMEOUT_MS,
} from "../limits.ts";

export interface ContentFacts {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface DiffLine {
  readonly kind: "same" | "add" | "remove";
  /** Without its line feed. */
  readonly text: string;
  /** Byte at which the line begins in the new content; absent for `remove`. */
  readonly newOffset?: number;
  /** The last line of its content has no line feed. */
  readonly noLineEnd?: true;
}

export interface DiffHunk {
  /** First line on either side, counted from 1 (0 when that side has none), and how many. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly DiffLine[];
}

export type FileDiff =
  /** `truncated`: not all changed lines are in `hunks`; `added` and `removed` count all. */
  | {
      readonly kind: "text";
      readonly hunks: readonly DiffHunk[];
      readonly added: number;
      readonly removed: number;
      readonly truncated: boolean;
    }
  | { readonly kind: "binary"; readonly base?: ContentFacts; readonly new?: ContentFacts }
  /** Too large, or the two have too little in common, to be compared line by line. */
  | { readonly kind: "large"; readonly base?: ContentFacts; readonly new?: ContentFacts }
  /** The host's file is not what the run started from, so there is nothing to compare with. */
  | { readonly kind: "base-changed"; readonly base?: ContentFacts; readonly new?: ContentFacts }
  /** Nothing but what the entry says: permissions, owner, a link's target, a directory. */
  | { readonly kind: "none" };

export interface DiffOptions {
  readonly contextLines?: number;
  /** Lines returned at most, unchanged ones included. */
  readonly linesMax?: number;
}

/** Line by line; undefined when the two are not text, or too large or too different for it. */
export function diffTexts(
  base: Uint8Array,
  now: Uint8Array,
  options: DiffOptions,
): (FileDiff & { kind: "text" }) | undefined {
  if (Math.max(base.length, now.length) > DIFF_BYTES_MAX || !isText(base) || !isText(now)) return undefined;
  const oldText = Buffer.from(base).toString("utf8");
  const newText = Buffer.from(now).toString("utf8");
  const offsets = lineOffsets(now);
  if (Math.max(offsets.length, lineOffsets(base).length) > DIFF_LINES_MAX) return undefined;
  const patch = structuredPatch("", "", oldText, newText, "", "", {
    context: Math.min(options.contextLines ?? DIFF_CONTEXT_LINES, DIFF_LINES_MAX),
    // One side empty is a plain addition or removal, however long.
    ...(base.length > 0 && now.length > 0 && { maxEditLength: DIFF_EDITS_MAX, timeout: DIFF_TIMEOUT_MS }),
  });
  if (patch === undefined) return undefined;
  let shown = Math.min(options.linesMax ?? DIFF_SHOWN_LINES, DIFF_LINES_MAX);
  let added = 0;
  let removed = 0;
  let truncated = false;
  const hunks: DiffHunk[] = [];
  for (const { lines, ...place } of patch.hunks) {
    const all = toLines(lines, place.newStart, offsets);
    added += all.filter(({ kind }) => kind === "add").length;
    removed += all.filter(({ kind }) => kind === "remove").length;
    truncated ||= all.length > shown;
    if (shown > 0) hunks.push({ ...place, lines: all.slice(0, shown) });
    shown = Math.max(0, shown - all.length);
  }
  return { kind: "text", hunks, added, removed, truncated };
}

const KINDS: Readonly<Record<string, DiffLine["kind"]>> = { " ": "same", "+": "add", "-": "remove" };

function toLines(lines: readonly string[], newStart: number, offsets: readonly number[]): DiffLine[] {
  const found: DiffLine[] = [];
  let at = newStart - 1;
  for (const line of lines) {
    const kind = KINDS[line.charAt(0)];
    const last = found.at(-1);
    // What is left is the remark "\ No newline at end of file" on the line before.
    if (kind === undefined) found.splice(-1, 1, ...(last === undefined ? [] : [{ ...last, noLineEnd: true as const }]));
    else found.push({ kind, text: line.slice(1), ...(kind !== "remove" && { newOffset: offsets[at++] ?? 0 }) });
  }
  return found;
}

/** Byte offsets at which lines begin. */
function lineOffsets(content: Uint8Array): number[] {
  const offsets: number[] = [0];
  for (let at = content.indexOf(10); at !== -1; at = content.indexOf(10, at + 1)) offsets.push(at + 1);
  return offsets;
}
