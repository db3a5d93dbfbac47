import { type HiddenCharacter, visibleBytes } from "./visible.ts";

const SHORT: ReadonlyMap<number, string> = new Map([
  [0x00, "\\0"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
]);

/**
 * Bytes as a C string, between quotation marks. What is seen of UTF-8 stays readable; what is hidden stands as an escape, so
 * that the string says which bytes there were.
 */
export function cString(bytes: Uint8Array): string {
  const parts = visibleBytes(bytes).map(({ text, hidden }) =>
    text === undefined ? hidden.map(escaped).join("") : text.replace(/["\\]/g, "\\$&"),
  );
  return `"${parts.join("")}"`;
}

function escaped({ kind, codePoint, count }: HiddenCharacter): string {
  return escapeOf(kind, codePoint).repeat(count);
}

function escapeOf(kind: HiddenCharacter["kind"], point: number): string {
  if (kind === "not-utf8" || point < 0x80) return SHORT.get(point) ?? `\\x${hex(point, 2)}`;
  return point > 0xffff ? `\\U${hex(point, 8)}` : `\\u${hex(point, 4)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
