/**
 * Where the UTF-8 character begins that holds the byte at `at` (RFC 3629 section 3: continuation bytes are 10xxxxxx), for a cut
 * that tears none apart. In bytes that are not UTF-8 at most three are passed.
 */
export function characterStart(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let start = Math.max(0, at);
  while (start > 0 && at - start < 3 && ((bytes[start] as number) & 0xc0) === 0x80) start--;
  return start;
}
