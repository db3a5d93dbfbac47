import { html } from "hono/html";
import { cutPlace, type PagePiece, pagePieces, paintedPieces, plainText } from "../../base/text/index.ts";
import type { Html } from "./html.ts";

/**
 * Text of others as markup, with everything that cannot be seen, or that changes how the rest is seen, spelled out
 * (`base/text`). Escaping is left to `html`.
 */

/** One line of text. */
export function visible(text: string): readonly (string | Html)[] {
  return pagePieces(text).map(markup);
}

/** One line of code: tabs line it up and hide nothing. */
export function visibleCode(text: string): readonly (string | Html)[] {
  return pagePieces(text, "tabs").map(markup);
}

/** A name or another short text of others, kept apart from what stands around it. */
export function foreign(text: string, charactersMax = Number.POSITIVE_INFINITY): Html {
  return html`<bdi class="foreign">${shortened(text, charactersMax)}</bdi>`;
}

/** The same for a text that was painted when it was made, such as a finding's excerpt. */
export function foreignPainted(text: string): Html {
  return html`<bdi class="foreign">${paintedPieces(text).map(markup)}</bdi>`;
}

/** The middle of a long text is left out, and that is said. */
function shortened(text: string, charactersMax: number): readonly (string | Html)[] {
  if (text.length <= charactersMax) return visible(text);
  const tail = Math.floor(charactersMax / 4);
  const head = cutPlace(text, charactersMax - tail);
  const rest = cutPlace(text, text.length - tail);
  const left = rest - head;
  return [
    ...visible(text.slice(0, head)),
    html`<i class="hidden-char">⟦${left.toLocaleString("en")} more characters⟧</i>`,
    ...visible(text.slice(rest)),
  ];
}

/** For places that hold plain text only, such as a title or an aria-label. */
export function visibleText(text: string): string {
  return plainText(text);
}

function markup(piece: PagePiece): string | Html {
  return piece.text ?? html`<i class="hidden-char" title="${piece.title}">${piece.mark}</i>`;
}
