import { joinSegments, splitAtMarks } from "./spelling.ts";
import { visible, visibleBytes } from "./visible.ts";

/** The painter for places that hold a text and no more: a title, an attribute, an excerpt, a message. One line. */
export function plainText(text: string | Uint8Array): string {
  return joinSegments(typeof text === "string" ? visible(text) : visibleBytes(text));
}

/**
 * Once more, for a text that was painted before it was stored or sent, such as an excerpt: its marks stay, and anything hidden
 * that is in it all the same is marked.
 */
export function repainted(text: string): string {
  return splitAtMarks(text)
    .map((part, index) => (index % 2 === 1 ? part : plainText(part)))
    .join("");
}
