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
    facts.add({ kind: "name", key: keyOf(name), bits: NAME_BITS, start: index, end: index + name.length });
  }
  const whole = text.length <= NAME_UNITS_MAX ? text.trim() : "";
  if (WHOLE.test(whole)) facts.add({ kind: "name", key: keyOf(whole), bits: NAME_BITS, start: 0, end: text.length });
}

function keyOf(name: string): string {
  return `name:${name.toLowerCase().replace("’", "'")}`;
}
