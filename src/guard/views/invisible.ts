/**
 * Code points that show nothing, by what they are used for. Comparisons rather than the table in `base/text`, as they are made
 * for every character of a text; `invisible.test.ts` holds the two together.
 */

export const isTag = (point: number): boolean => point >= 0xe0000 && point <= 0xe007f;

export const isVariationSelector = (point: number): boolean =>
  (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef);

/** Embeddings, overrides, isolates and marks (Unicode Bidirectional Algorithm, UAX 9). */
export const isBidi = (point: number): boolean =>
  (point >= 0x202a && point <= 0x202e) ||
  (point >= 0x2066 && point <= 0x2069) ||
  point === 0x200e ||
  point === 0x200f ||
  point === 0x061c;

/** Soft hyphen, joiners, zero-width spaces, invisible operators, fillers: nothing to see, nothing to reorder. */
export const isZeroWidth = (point: number): boolean =>
  (point >= 0x200b && point <= 0x200d) ||
  (point >= 0x2060 && point <= 0x2065) ||
  point === 0xfeff ||
  point === 0x00ad ||
  point === 0x034f ||
  point === 0x115f ||
  point === 0x1160 ||
  point === 0x17b4 ||
  point === 0x17b5 ||
  (point >= 0x180b && point <= 0x180f) ||
  (point >= 0x206a && point <= 0x206f) ||
  point === 0x3164 ||
  point === 0xffa0 ||
  (point >= 0xfff0 && point <= 0xfffb) ||
  (point >= 0x1bca0 && point <= 0x1bca3) ||
  (point >= 0x1d173 && point <= 0x1d17a);

/** Marks that combine with the letter before them, of the Latin block. */
export const isCombining = (point: number): boolean => point >= 0x0300 && point <= 0x036f;

export const isInvisible = (point: number): boolean =>
  isZeroWidth(point) || isBidi(point) || isVariationSelector(point) || (point >= 0xe0000 && point <= 0xe0fff);
