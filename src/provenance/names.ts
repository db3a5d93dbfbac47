import type { Facts } from "./fact.ts";

/** Two to five words with capitals in the middle of a sentence. */
const NAME =
  /(?<=[\p{Ll}\p{N},:;(] )\p{Lu}[\p{Ll}'’-]+(?: (?:\p{Lu}[\p{L}'’-]*|von|van|de|der|den|di|da|la|of|and|&)){0,3} \p{Lu}[\p{L}'’-]+/gu;
const WHOLE = /^\p{L}[\p{L}'’-]*(?: [\p{L}&][\p{L}'’-]*){1,4}$/u;
const NAME_UNITS_MAX = 80;
/** More than the whole of an argument needs, and less than a value in the middle of one. */
const NAME_BITS = 14;

/** Names of people and firms. They count where an argument is one and nothing else. */
export function findNames(text: string, facts: Facts): void {
  for (const { 0: name, index } of text.matchAll(NAME)) {
    if (facts.isFull) return;
    const end = index + name.length;
    // With and without a title or a first name before it.
    for (let at = 0; at >= 0; at = nextWord(name, at))
      facts.add({ kind: "name", key: keyOf(name.slice(at)), bits: NAME_BITS, start: index + at, end });
  }
  const whole = text.length <= NAME_UNITS_MAX ? text.trim() : "";
  if (WHOLE.test(whole)) facts.add({ kind: "name", key: keyOf(whole), bits: NAME_BITS, start: 0, end: text.length });
}

/** Where the next word begins with which a name of two words or more is left; below zero when there is none. */
function nextWord(name: string, from: number): number {
  const at = name.indexOf(" ", from) + 1;
  return at > 0 && name.includes(" ", at) ? at : -1;
}

function keyOf(name: string): string {
  return `name:${name.toLowerCase().replace("’", "'")}`;
}
