import { plainText } from "../base/text/index.ts";
import { EXCERPT_CHARACTERS } from "./limits.ts";

/** A short piece of untrusted bytes, as text in which nothing is hidden (`base/text`). */
export function excerptOf(bytes: Uint8Array, start: number, end: number): string {
  const whole = bytes.subarray(start, end);
  const fits = lengthOf(whole, EXCERPT_CHARACTERS) === whole.length;
  return fits ? plainText(whole) : `${plainText(whole.subarray(0, lengthOf(whole, EXCERPT_CHARACTERS - 1)))}…`;
}

/** Bytes that so many characters of UTF-8 take, at most; stray bytes count as characters do. */
function lengthOf(bytes: Uint8Array, characters: number): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    const begins = ((bytes[at] as number) & 0xc0) !== 0x80;
    // Four bytes a character at most, so junk of continuation bytes does not go on for ever.
    if ((begins && ++count > characters) || at === characters * 4) return at;
  }
  return bytes.length;
}
