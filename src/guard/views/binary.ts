import { TEXT_STRETCH_MIN } from "../limits.ts";
import { codePointAt, NEWLINE, startsWith, utf8Length } from "../matching/bytes.ts";

/** How files begin that are no text, though long stretches of some look like it (PDF, TAR's first header, XMP in pictures). */
const MAGIC = [
  "\x89PNG\r\n",
  "GIF8",
  "RIFF",
  "%PDF-",
  "PK\x03\x04",
  "\x7fELF",
  "wOFF",
  "wOF2",
  "OggS",
  "fLaC",
  "ID3",
  "BZh",
  "7z\xbc\xaf",
  "\xff\xd8\xff",
  "\x1f\x8b\x08",
  "\xfd7zXZ",
  "\x28\xb5\x2f\xfd",
  "\x00asm",
  "SQLite format 3\x00",
];

const FIRST_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  MAGIC.some((magic) => magic.charCodeAt(0) === byte) ? 1 : 0,
);

/** True for what begins as a picture, an archive, a font or a program does. */
export function hasBinaryMagic(bytes: Uint8Array, start: number, end: number): boolean {
  if (FIRST_BYTES[bytes[start] as number] === 0) return false;
  return MAGIC.some((magic) => end - start > magic.length && startsWith(bytes, start, magic));
}

/** 1 for bytes of which text is made: printable ASCII, tabs and ends of lines. */
const PRINTABLE = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13 ? 1 : 0,
);

/**
 * Moves the stretches of text in binary data together, from `start` on, a line break between them, as strings(1) does; gives
 * where they end. NULs inside a stretch do not end it and are left out, so that UTF-16 is text too. Every byte is read once.
 */
export function keepText(bytes: Uint8Array, start: number, end: number): number {
  let written = start;
  for (let at = start; at < end; ) {
    const from = written;
    if (written > start) bytes[written++] = NEWLINE;
    const first = written;
    while (at < end) {
      const length = textLength(bytes, at);
      if ((length === 0 && bytes[at] !== 0) || at + length > end) break;
      for (let index = 0; index < length; index++) bytes[written++] = bytes[at + index] as number;
      at += Math.max(1, length);
    }
    if (written - first < TEXT_STRETCH_MIN) written = from;
    at++;
  }
  return written;
}

/** Bytes of the character of text that starts here; 0 when none does. Overlong ASCII is text to lenient decoders. */
function textLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  if (byte < 0x80) return PRINTABLE[byte] as number;
  if (byte === 0xc0 || byte === 0xc1) return ((bytes[at + 1] ?? 0) & 0xc0) === 0x80 ? 2 : 0;
  const point = codePointAt(bytes, at);
  return point < 0 ? 0 : utf8Length(point);
}
