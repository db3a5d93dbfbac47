/** Texts made shorter before they are painted. */

/** What stays with the character before it: marks, joiners, selectors, tags, skin tones. */
const CONTINUES = /^[\p{M}\p{Emoji_Modifier}\p{Default_Ignorable_Code_Point}]$/v;
/** The longest emoji in use has ten code points, of two units each. */
const CLUSTER_UNITS_MAX = 20;

/**
 * A place to cut at, at `at` or shortly before it: no surrogate pair is torn, nor a mark or a joiner from its letter, which the
 * painters would otherwise have to take for one that stands alone.
 */
export function cutPlace(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const whole = isInPair(text, at) ? at - 1 : at;
  for (let place = whole; place > 0 && whole - place <= CLUSTER_UNITS_MAX; ) {
    const [before, after] = [pointBefore(text, place), String.fromCodePoint(text.codePointAt(place) as number)];
    if (!CONTINUES.test(after) && before !== "\u200d") return place;
    place -= before.length;
  }
  return whole;
}

/**
 * For a list: ordinary white space together. Spaces of other kinds stay, to be marked by the painter: what looked like
 * one space may be something else to whoever runs it.
 */
export function oneLine(text: string): string {
  return text.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
}

function isInPair(text: string, at: number): boolean {
  return at > 0 && (text.codePointAt(at - 1) as number) > 0xffff;
}

function pointBefore(text: string, at: number): string {
  return isInPair(text, at - 1) ? text.slice(at - 2, at) : text.slice(at - 1, at);
}
