import { DIGIT_BITS, type Facts, LETTER_BITS } from "./fact.ts";

/** Letters and digits with single signs between them. */
const WORD = /[\p{L}\p{N}]+(?:[-_.~][\p{L}\p{N}]+)*/gu;
/** A short name and numbers with signs between them, such as `INV 2026 0417` or `INV/2026/0417`. */
const SPACED = /(?<![\p{L}\p{N}])\p{L}{1,6}[ /-]\d{2,12}(?:[ /-]\d{1,12}){0,5}(?![\p{L}\p{N}])/gu;
/** Capitals and digits in groups, as on a passport or a parcel: `1Z 999 AA1 01 2345 6784`. */
const GROUPED = /(?<![\p{L}\p{N}])[A-Z\d]{1,6}(?:[ -][A-Z\d]{1,6}){1,9}(?![\p{L}\p{N}])/gu;
const HANDLE = /(?<![\w/@#&])[@#][\p{L}\p{N}_][\p{L}\p{N}_.-]{2,60}/gu;
const PATH = /(?<![\w./@+~-])(?:~|\.{1,2})?\/?(?:[\w.@+-]{1,100}\/){1,20}[\w.@+-]{1,100}/g;
/** Longer runs are data, not a name of anything; the encodings look at them. */
const IDENTIFIER_MAX = 200;
const LETTER_BITS_MAX = 12;
/** One of 62 signs, where letters change their case as no word does. */
const RANDOM_BITS = Math.log2(62);
/** Not the middle of a longer number. */
const COMMON_YEAR = /(?<!\d)(?:19|20)\d\d(?!\d)/g;

/** Identifiers: what holds letters and digits, random letters, handles, paths. */
export function findIdentifiers(text: string, facts: Facts): void {
  for (const { 0: word, index } of text.matchAll(WORD)) add(word, index, facts);
  for (const { 0: word, index } of text.matchAll(SPACED)) add(word, index, facts);
  for (const { 0: word, index } of text.matchAll(GROUPED)) add(word, index, facts);
  for (const { 0: handle, index } of text.matchAll(HANDLE)) {
    const name = handle
      .slice(1)
      .replace(/[.-]+$/, "")
      .toLowerCase();
    const bits = bitsOf(name);
    facts.add({ kind: "identifier", key: `handle:${name}`, bits, start: index, end: index + name.length + 1 });
  }
  for (const { 0: path, index } of text.matchAll(PATH)) {
    const name = path.replace(/^\.\//, "").replace(/^\//, "").replace(/\.+$/, "");
    // A path alone says where something is, and every system has the same ones: it counts as a whole argument only.
    const bits = Math.min(17, bitsOf(name));
    facts.add({ kind: "path", key: `path:${name}`, bits, start: index, end: index + path.length });
  }
}

function add(word: string, index: number, facts: Facts): void {
  if (word.length < 5 || word.length > IDENTIFIER_MAX) return;
  const isTelling = /\p{N}/u.test(word) ? /\p{L}/u.test(word) : isPassphrase(word) || isRandom(word);
  if (!isTelling) return;
  const key = `identifier:${word.replace(/[-_.~ /]/g, "").toUpperCase()}`;
  facts.add({ kind: "identifier", key, bits: bitsOf(word), start: index, end: index + word.length });
}

/** At least four words of some length, as in `correct-horse-battery-staple`. */
function isPassphrase(word: string): boolean {
  return word.length >= 20 && /^\p{L}{4,}(?:[-_.]\p{L}{4,}){3,}$/u.test(word);
}

/** Changes of case that no name has. */
function isRandom(word: string): boolean {
  return word.length >= 8 && (word.match(/\p{Ll}\p{Lu}/gu)?.length ?? 0) >= 3;
}

function bitsOf(word: string): number {
  const plain = word.replace(COMMON_YEAR, "");
  const years = (word.match(COMMON_YEAR)?.length ?? 0) * 5;
  const digits = plain.match(/\p{N}/gu)?.length ?? 0;
  const letters = plain.match(/\p{L}/gu)?.length ?? 0;
  if (isRandom(word) || isInterleaved(word)) return word.length * RANDOM_BITS * 0.7;
  return years + digits * DIGIT_BITS + Math.min(letters * LETTER_BITS, isPassphrase(word) ? Infinity : LETTER_BITS_MAX);
}

/** Letters and digits in turn, as in hashes and keys; short ones change their case as well. */
function isInterleaved(word: string): boolean {
  if (word.length >= 10) return (word.match(/\p{L}\p{N}|\p{N}\p{L}/gu)?.length ?? 0) >= 4;
  const turns = word.match(/\p{L}(?=\p{N})|\p{N}(?=\p{L})/gu)?.length ?? 0;
  return word.length >= 8 && turns >= 4 && /\p{Lu}/u.test(word) && /\p{Ll}/u.test(word);
}
