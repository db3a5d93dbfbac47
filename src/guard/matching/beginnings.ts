/** Bytes of a literal's beginning that are looked at. */
const BYTES = 4;
/** Rows of bits, one bit for each pair of neighbouring bytes of a beginning: of four bytes, of three, of two, of one. */
const ROWS = { four: 0, three: 3, two: 5, one: 6 } as const;
/** A beginning may begin anywhere. */
export const BEGIN = (1 << ROWS.four) | (1 << ROWS.three) | (1 << ROWS.two) | (1 << ROWS.one);
/** The last pair of some beginning has been seen, and so all of it, or pieces of several that look like one. */
export const COMPLETE = (1 << 2) | (1 << 4) | (1 << ROWS.two) | (1 << ROWS.one);
/** How far before the byte that completes a beginning it may begin. */
export const BACK_BYTES = BYTES - 1;

/**
 * Which pairs of bytes stand where in the first bytes of any literal, for all literals at once (shift-and over superimposed patterns,
 * Navarro and Raffinot, 2002): per byte one look-up that waits for no other tells where none begins, which is nearly everywhere. By the
 * first byte times 256 plus the second. `casesOf` gives the bytes that count as one.
 */
export function beginningsOf(
  literals: readonly Uint8Array[],
  casesOf: (byte: number) => readonly number[],
): Uint8Array {
  const pairs = new Uint8Array(256 * 256);
  const mark = (firsts: readonly number[], second: number, bit: number): void => {
    for (const first of firsts)
      for (const other of casesOf(second)) pairs[first * 256 + other] = (pairs[first * 256 + other] as number) | bit;
  };
  const any = Array.from({ length: 256 }, (_, byte) => byte);
  for (const bytes of literals) {
    const [a, b, c, d] = bytes as unknown as [number, number?, number?, number?];
    if (b === undefined) mark(any, a, 1 << ROWS.one);
    else if (c === undefined) mark(casesOf(a), b, 1 << ROWS.two);
    else {
      const row = d === undefined ? ROWS.three : ROWS.four;
      mark(casesOf(a), b, 1 << row);
      mark(casesOf(b), c, 2 << row);
      if (d !== undefined) mark(casesOf(c), d, 4 << row);
    }
  }
  return pairs;
}
