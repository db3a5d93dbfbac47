import { EXCERPT_CHARACTERS } from "./limits.ts";

/** Controls, format characters, separators, private use, unassigned and ignorable code points, all but the plain space. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{DI}]|(?! )\p{Zs}/gu;

/** A short piece of untrusted bytes, as text in which nothing is hidden: what cannot be seen is written `\u{…}`. */
export function excerptOf(bytes: Uint8Array, start: number, end: number): string {
  // Four bytes a character at most, so a cut on either side never needs more.
  const head = EXCERPT_CHARACTERS * 4;
  const text = decode(bytes.subarray(start, Math.min(end, start + head)));
  const characters = [...text];
  const cut = characters.length > EXCERPT_CHARACTERS || end - start > head;
  const shown = cut ? `${characters.slice(0, EXCERPT_CHARACTERS - 1).join("")}…` : text;
  return makeVisible(shown);
}

export function makeVisible(text: string): string {
  return text.replace(UNSHOWABLE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
