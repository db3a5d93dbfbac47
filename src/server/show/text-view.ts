import { html } from "hono/html";
import { ROWS_PER_PAGE } from "../limits.ts";
import type { Html } from "./html.ts";
import { type Mark, type MarkedRow, markRows } from "./marks.ts";
import { plural } from "./quantities.ts";
import type { TextRow } from "./text-rows.ts";
import { visible, visibleCode } from "./visible.ts";

export interface TextView {
  readonly rows: readonly TextRow[];
  readonly marks: readonly Mark[];
  /** What the table is of, for those who hear the page. */
  readonly label: string;
  readonly isDiff: boolean;
  /** First row shown, and how many. */
  readonly from?: number;
  readonly count?: number;
  /** The address of the page on which the text goes on at a row; without one, nothing leads on. */
  readonly pageAt?: (from: number) => string;
}

/** A text or a diff of others as a table: line numbers, signs, marks, and a note below each place where a mark begins. */
export function textView({
  rows,
  marks,
  label,
  isDiff,
  from: asked = 0,
  count = ROWS_PER_PAGE,
  pageAt,
}: TextView): Html {
  const from = Math.min(asked, Math.max(0, rows.length - 1));
  const shown = markRows(rows.slice(from, from + count), marks);
  const left = rows.length - from - shown.length;
  const columns = isDiff ? 4 : 2;
  return html`<div class="text-scroll" tabindex="0" role="region" aria-label="${label}">
    <table class="text ${isDiff ? "diff" : "plain"}"><tbody>
      ${pageAt !== undefined && from > 0 ? turn(columns, pageAt(Math.max(0, from - count)), `${plural(from, "row")} before`) : ""}
      ${shown.map((marked) => (isDiff ? diffRow(marked) : plainRow(marked)))}
      ${pageAt !== undefined && left > 0 ? turn(columns, pageAt(from + count), `Show more: ${plural(left, "row")} after`) : ""}
    </tbody></table></div>`;
}

function turn(columns: number, address: string, text: string): Html {
  return html`<tr class="turn"><td colspan="${columns}"><a href="${address}">${text}</a></td></tr>`;
}

const SIGNS = { same: " ", add: "+", remove: "−", gap: "" } as const;

function diffRow({ row, segments, beginning }: MarkedRow): Html {
  if (row.kind === "gap") return gap(row, 4);
  return html`<tr class="${row.kind}"><td class="line">${row.oldLine}</td><td class="line">${row.newLine}</td><td class="sign">${SIGNS[row.kind]}</td><td class="code">${marked(segments)}</td></tr>${notes(beginning, 4)}`;
}

function plainRow({ row, segments, beginning }: MarkedRow): Html {
  if (row.kind === "gap") return gap(row, 2);
  return html`<tr class="${row.kind}"><td class="line">${row.newLine}</td><td class="code">${marked(segments)}</td></tr>${notes(beginning, 2)}`;
}

function gap({ text }: TextRow, columns: number): Html {
  return html`<tr class="gap"><td colspan="${columns}">${visible(text)}</td></tr>`;
}

function marked(segments: MarkedRow["segments"]): readonly Html[] {
  return segments.map(({ text, tone }) =>
    tone === undefined ? html`${visibleCode(text)}` : html`<mark class="${tone}">${visibleCode(text)}</mark>`,
  );
}

function notes(marks: readonly Mark[], columns: number): readonly Html[] {
  return marks
    .filter(({ note }) => note !== undefined)
    .map(
      ({ note, id, tone }) =>
        html`<tr class="note" id="${id}"><td colspan="${columns}"><span class="note-text ${tone}">${visible(note ?? "")}</span></td></tr>`,
    );
}
