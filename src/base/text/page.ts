import { spell, splitAtMarks } from "./spelling.ts";
import { type Kept, visible } from "./visible.ts";

/** A part of a text as a page shows it: as it is, or a mark in place of what is hidden, with what there is to say of it. */
export type PagePiece =
  | { readonly text: string; readonly mark?: never }
  | { readonly mark: string; readonly title: string; readonly text?: never };

/** Characters of one mark that are named; all are counted in the mark itself. */
const NAMED_MAX = 3;

/**
 * The painter for pages. Escaping is left to whoever makes markup of it. Neighbours share one mark, so that a million of them
 * cost no more than their numbers.
 */
export function pagePieces(text: string, kept: Exclude<Kept, "lines"> = "nothing"): readonly PagePiece[] {
  return visible(text, kept).map(({ text: seen, hidden }) =>
    hidden === undefined
      ? { text: seen }
      : {
          mark: spell(hidden),
          title: hidden
            .slice(0, NAMED_MAX)
            .map(({ label }) => label)
            .join(", "),
        },
  );
}

/** The same for a text that the plain painter made before, such as an excerpt: its marks are marks. */
export function paintedPieces(text: string): readonly PagePiece[] {
  return splitAtMarks(text).flatMap((part, index): readonly PagePiece[] =>
    index % 2 === 1 ? [{ mark: part, title: "not visible by itself" }] : pagePieces(part),
  );
}
