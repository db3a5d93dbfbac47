/** Characters of a value that are shown: a person compares them by eye. */
const VALUE_BYTES_MAX = 240;

/** Bytes of a text's UTF-8 as text, with so many around them, on whole characters. */
export function excerptOf(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  around: number,
): string {
  const bytes = Buffer.from(text, "utf8");
  const last = Math.min(end, start + VALUE_BYTES_MAX);
  const from = Math.max(0, start - around);
  const to = Math.min(bytes.length, last + around);
  const cut = bytes.subarray(wholeFrom(bytes, from), wholeFrom(bytes, to)).toString("utf8");
  return `${from > 0 && around > 0 ? "…" : ""}${cut}${last < end || (to < bytes.length && around > 0) ? "…" : ""}`;
}

/** The next place at which a character begins. */
function wholeFrom(bytes: Uint8Array, at: number): number {
  let place = at;
  while (place < bytes.length && ((bytes[place] as number) & 0xc0) === 0x80) place++;
  return place;
}
