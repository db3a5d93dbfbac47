import { eastAsianWidth } from "get-east-asian-width";
import { CLOSE, OPEN } from "./table.ts";
import { EMOJI } from "./visible.ts";

/** How many columns of a terminal a painted text takes, and what follows from it: columns of a table, lines cut to fit. */

/** What is drawn as one: an emoji of several code points, one of the painters' marks, or a single code point. */
const UNITS = new RegExp(`(?<emoji>${EMOJI})|(?<mark>${OPEN}[^${CLOSE}]*${CLOSE})|.`, "gsv");
/** Marks are drawn over the letter before them. */
const NO_WIDTH = /^[\p{Mn}\p{Me}]$/v;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const ELLIPSIS = "…";

/** Terminals differ for characters of ambiguous width; here they take one column, as nearly everywhere outside East Asia. */
export function displayWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  return [...text.matchAll(UNITS)].reduce((sum, unit) => sum + widthOf(unit), 0);
}

export function padColumns(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** The beginning of a painted text, with an ellipsis when there is more. Marks and emoji are kept whole or left out. */
export function cutColumns(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let [width, end] = [0, 0];
  for (const unit of text.matchAll(UNITS)) {
    width += widthOf(unit);
    if (width > columns - 1) break;
    end += unit[0].length;
  }
  return text.slice(0, end) + ELLIPSIS;
}

function widthOf({ 0: unit, groups }: RegExpExecArray): number {
  if (groups?.emoji !== undefined) return 2;
  if (groups?.mark !== undefined) return unit.length;
  return NO_WIDTH.test(unit) ? 0 : eastAsianWidth(unit.codePointAt(0) as number);
}
