import { defined } from "../../base/optional.ts";
import { cutPlace } from "../../base/text/index.ts";
import type { DiffHunk } from "../../loop/index.ts";
import { ROW_CHARACTERS_MAX, TEXT_UNITS_MAX } from "../limits.ts";

/** One row of a text or a diff as the page shows it: a line, or a part of a long one. */
export interface TextRow {
  readonly kind: "same" | "add" | "remove" | "gap";
  readonly text: string;
  /** Line numbers before and after; absent in rows that go on with a line. */
  readonly oldLine?: number;
  readonly newLine?: number;
  /** The byte of the content at which the row begins; absent where the content does not have the line. */
  readonly offset?: number;
}

/** The rows of a diff. Between hunks stands a `gap` that tells what is left out. */
export function rowsOfDiff(hunks: readonly DiffHunk[]): TextRow[] {
  const rows: TextRow[] = [];
  let nextOld = 1;
  for (const { oldStart, newStart, lines } of hunks) {
    const skipped = Math.max(0, oldStart - nextOld);
    if (skipped > 0 || rows.length > 0) rows.push({ kind: "gap", text: `${skipped.toLocaleString("en")} lines alike` });
    let oldLine = oldStart;
    let newLine = newStart;
    for (const { kind, text, newOffset } of lines) {
      const numbers = {
        ...(kind === "add" ? {} : { oldLine: oldLine++ }),
        ...(kind === "remove" ? {} : { newLine: newLine++ }),
      };
      for (const row of cut({ kind, text, ...numbers, ...defined({ offset: newOffset }) })) rows.push(row);
    }
    nextOld = oldLine;
  }
  return rows;
}

/** The rows of a whole text. `hiddenUnits` is how much of it, in UTF-16 units, is not among them. */
export function rowsOfText(text: string): { readonly rows: TextRow[]; readonly hiddenUnits: number } {
  const shown = text.slice(0, TEXT_UNITS_MAX);
  const rows: TextRow[] = [];
  let offset = 0;
  let newLine = 1;
  const lines = shown.split("\n");
  // A line end at the very end ends the last line and begins no other.
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    for (const row of cut({ kind: "same", text: line, newLine: newLine++, offset })) rows.push(row);
    offset += Buffer.byteLength(line) + 1;
  }
  return { rows, hiddenUnits: text.length - shown.length };
}

function cut(row: TextRow): TextRow[] {
  if (row.text.length <= ROW_CHARACTERS_MAX) return [row];
  const { kind, text } = row;
  const rows: TextRow[] = [];
  let { offset } = row;
  for (let start = 0; start < text.length; ) {
    const end = cutPlace(text, start + ROW_CHARACTERS_MAX);
    const piece = text.slice(start, end);
    const numbers = start === 0 ? row : {};
    rows.push({ ...numbers, kind, text: piece, ...defined({ offset }) });
    if (offset !== undefined) offset += Buffer.byteLength(piece);
    start = end;
  }
  return rows;
}
