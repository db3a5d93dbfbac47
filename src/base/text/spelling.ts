import { CLOSE, OPEN } from "./table.ts";
import type { HiddenCharacter, Segment } from "./visible.ts";

/**
 * How all painters write what is hidden: `⟦U+202E⟧`, repetitions counted, a byte that is not UTF-8 as `⟦0xFF⟧`. The opening
 * bracket itself is in the table, so the text can be told again from what was painted: nothing is lost.
 */
export function spell(hidden: readonly HiddenCharacter[]): string {
  return `${OPEN}${hidden.map(({ count, ...one }) => (count === 1 ? code(one) : `${code(one)} ×${count}`)).join(" ")}${CLOSE}`;
}

function code({ kind, codePoint }: Pick<HiddenCharacter, "kind" | "codePoint">): string {
  const digits = codePoint.toString(16).toUpperCase();
  return kind === "not-utf8" ? `0x${digits}` : `U+${digits.padStart(4, "0")}`;
}

export function joinSegments(segments: readonly Segment[]): string {
  return segments.map(({ text, hidden }) => text ?? spell(hidden)).join("");
}

const CODE = String.raw`(?:U\+[0-9A-F]{4,6}|0x[0-9A-F]{2})(?: ×\d+)?`;
/** What `spell` wrote. */
const SPELLED = new RegExp(`(${OPEN}${CODE}(?: ${CODE})*${CLOSE})`);

/** A painted text taken apart again: every second part is a mark, the others are to be painted as any text. */
export function splitAtMarks(painted: string): readonly string[] {
  return painted.split(SPELLED);
}
