/**
 * Marks that combine with the letter before them. Ordinary text needs them, so they stay; but piled up they run over the lines
 * around them, and one with no letter of its own strikes out what somebody else wrote.
 */

/** UTS 39, 5.4 (optional detection): more than four nonspacing marks in a row are in no ordinary text … */
const SHARED_MARKS_MAX = 4;
/** … but in the scripts that build a syllable of them: the longest of Tibetan, in words from Sanskrit, has eight. */
const MARKS_MAX = 8;

/** Marks that all scripts share; the others belong to the letters of one. */
const SHARED = /^[\p{Script=Inherited}\p{Script=Common}]$/v;
/** Letters, digits and signs that have no marks of another script; U+25CC is the circle on which grammars show a mark alone. */
const FOREIGN_BASE = /^[[\p{Script=Latin}\p{Script=Common}]--[\u25cc]]$/v;

/**
 * How many UTF-16 units of `marks`, which follow `base`, are its own. The rest is repeated, too many, or of a script that the
 * base is not of: there, what joins letters in its own script (such as the Khmer coeng) shows nothing.
 */
export function ownMarks(base: string | undefined, marks: string): number {
  if (base === undefined) return 0;
  const isForeign = FOREIGN_BASE.test(base);
  let previous = "";
  let [all, shared, units] = [0, 0, 0];
  for (const mark of marks) {
    const isShared = SHARED.test(mark);
    if (mark === previous || ++all > MARKS_MAX || (isShared ? ++shared > SHARED_MARKS_MAX : isForeign)) break;
    units += mark.length;
    previous = mark;
  }
  return units;
}
