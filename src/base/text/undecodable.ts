/** Bytes that are not UTF-8 as text, without losing which ones they are: byte 80 to FF as U+DC80 to U+DCFF (PEP 383). */

const FIRST = 0xdc80;
const LAST = 0xdcff;

/** No valid UTF-8 has a surrogate, so these are the only ones in the result. */
export function escapeBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      parts.push(decoder.decode(bytes.subarray(from, at)), String.fromCharCode(FIRST - 0x80 + (bytes[at] as number)));
      from = at + 1;
    }
    at += length === 0 ? 1 : length;
  }
  parts.push(decoder.decode(bytes.subarray(from)));
  return parts.join("");
}

export function escapedByte(codePoint: number): number | undefined {
  return codePoint >= FIRST && codePoint <= LAST ? codePoint - FIRST + 0x80 : undefined;
}

/** Bytes of the character that begins here (RFC 3629, section 4); 0 when none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next] ?? 0;
    const [low, high] = next === 1 ? secondByte(first) : [0x80, 0xbf];
    if (byte < low || byte > high) return 0;
  }
  return length;
}

/** No overlong forms (E0, F0), no surrogates (ED), nothing above U+10FFFF (F4). */
function secondByte(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  return first === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
}
