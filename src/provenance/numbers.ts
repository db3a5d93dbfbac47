import { DIGIT_BITS, type Facts } from "./fact.ts";
import { FACT_BITS_MIN } from "./limits.ts";

/** Digits with what may stand between them in amounts, telephone and account numbers. */
const RUN = /\d(?:(?:[ .,'’_/():-]|\) ?| ?\(| - ){0,1}\d){0,47}/g;
const EXPONENT = /(?<![\w.])\d(?:[.,]\d{1,15})?e\+?\d{1,2}\b/gi;
const SCALED =
  /(?<![\d.,])(\d{1,4}(?:[.,]\d{1,4})?) ?(k|thousand|tausend|mille?|mio|m|mn|million(?:s|en)?|bn|billion|mrd)\b/gi;
const SCALES: Readonly<Record<string, number>> = { k: 1e3, t: 1e3, b: 1e9 };

/** Codes of currencies (ISO 4217) and their signs: an amount of money is more than any number. */
const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));
const CURRENCY_BITS = 8;
/** Groups of digits with a blank between them that may be one number: a card has four, an IBAN six. */
const GROUPS_MAX = 6;
/** Their mean length with the blank after them. */
const GROUP_UNITS_MIN = 3.5;
/** From so many digits on it is a number of somebody or something, not an amount. */
const IDENTIFYING_DIGITS = 6;
/** A telephone number has at most 15 digits (ITU-T E.164); the last nine are the same with and without the code of its country. */
const E164_DIGITS = 15;
const SUBSCRIBER_DIGITS = 9;
const SUBSCRIBER_DIGITS_MIN = 7;
const DIGITS_MAX = 40;

/** Amounts, account and telephone numbers. */
export function findNumbers(text: string, facts: Facts): void {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (facts.isFull) return;
    if (!run.includes(" ")) findIn(text, index, index + run.length, facts);
    else findGroups(text, run, index, facts);
  }
  for (const { 0: all, index } of text.matchAll(EXPONENT)) {
    const value = Number(all.replace(",", "."));
    if (value < 1e15) addNumber(text, plain(value), index, index + all.length, facts);
  }
  for (const { 0: all, 1: value = "", 2: scale = "", index } of text.matchAll(SCALED)) {
    const factor =
      SCALES[scale[0]?.toLowerCase() ?? ""] ?? (/^mrd/i.test(scale) ? 1e9 : /^mill?e$/i.test(scale) ? 1e3 : 1e6);
    addNumber(text, plain(Number(value.replace(",", ".")) * factor), index, index + all.length, facts);
  }
}

/** A row of numbers, or one number with blanks in it: each group, the row, and neighbours that are long enough for a group of its own. */
function findGroups(text: string, run: string, index: number, facts: Facts): void {
  const groups = [...run.matchAll(/[^ ]+/g)].map(({ 0: group, index: at }) => ({ start: at, end: at + group.length }));
  for (const { start, end } of groups) findIn(text, index + start, index + end, facts);
  const last = groups.length - 1;
  for (let from = 0; from < last; from++) {
    for (let to = from + 1; to <= Math.min(last, from + GROUPS_MAX - 1); to++) {
      const [start, end] = [groups[from]?.start as number, groups[to]?.end as number];
      // Columns of small numbers are no account: their groups are as many as their digits.
      const isRow = from === 0 && to === last;
      if (isRow || end - start >= (to - from + 1) * GROUP_UNITS_MIN) findIn(text, index + start, index + end, facts);
    }
  }
}

function findIn(text: string, start: number, end: number, facts: Facts): void {
  const written = text.slice(start, end);
  const values = valuesOf(written);
  for (const value of values) addNumber(text, value, start, end, facts);
  const digits = written.replace(/\D/g, "");
  if (digits.length < IDENTIFYING_DIGITS || digits.length > DIGITS_MAX) return;
  // With a point or a comma it is an amount, unless no amount is written so.
  if (values.length > 0 && /[.,'’]/.test(written) && !written.startsWith("0")) return;
  // An IP address is found as one.
  if (/^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?$/.test(written)) return;
  addDigits(text, digits, start, end, facts);
}

function addDigits(text: string, digits: string, start: number, end: number, facts: Facts): void {
  const bits = digitBits(digits);
  facts.add({ kind: "digits", key: `digits:${digits}`, bits, start, end });
  if (digits.length < SUBSCRIBER_DIGITS_MIN || digits.length > E164_DIGITS) return;
  const isDialled = /^[+(]|^0|[ ()/-]/.test(text.slice(Math.max(0, start - 1), end).trim());
  const subscriber = digits.slice(-SUBSCRIBER_DIGITS).replace(/^0+/, "");
  const phoneBits = Math.min(bits, digitBits(subscriber));
  facts.add({ kind: isDialled ? "phone" : "digits", key: `phone:${subscriber}`, bits: phoneBits, start, end });
}

function addNumber(text: string, value: string, start: number, end: number, facts: Facts): void {
  const plainBits = numberBits(value);
  if (plainBits < FACT_BITS_MIN) return;
  const bits = plainBits + (isMoney(text, start, end) ? CURRENCY_BITS : 0);
  facts.add({ kind: "number", key: `number:${value}`, bits, start, end });
  if (bits < MINOR_UNIT_BITS) return;
  // In the smallest unit, as interfaces of banks have it.
  const [whole = "", part = ""] = value.split(".");
  const minor = `${whole}${part.padEnd(2, "0")}`.replace(/^0+/, "");
  if (part.length <= 2) facts.add({ kind: "number", key: `number:${minor}`, bits: bits - 2, start, end });
}

const MINOR_UNIT_BITS = 14;

/** What a written number may mean: 12.400 is twelve and two fifths here, and twelve thousand four hundred there. */
export function valuesOf(written: string): string[] {
  const text = written.replace(/[ '’_]/g, (sign) => (sign === "_" ? "" : " "));
  if (/[():/-]/.test(text) || !/^\d{1,3}(?: \d{3})*(?:[.,]\d+)?$|^[\d.,]+$/.test(text)) return [];
  const compact = text.replaceAll(" ", "");
  if (compact.length > 24) return [];
  const readings = new Set<string>();
  const add = (whole: string, part: string): void => {
    const digits = whole.replace(/^0+(?=\d)/, "");
    const decimals = part.replace(/0+$/, "");
    readings.add(decimals === "" ? digits : `${digits}.${decimals}`);
  };
  const grouped = /^\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:([.,])(\d+))?$/.exec(compact);
  // Indian grouping by two: 12,40,000.50.
  const indian = /^\d{1,2}(?:,\d{2})+,\d{3}(?:\.(\d+))?$/.exec(compact);
  const single = /^(\d+)(?:[.,](\d+))?$/.exec(compact);
  if (grouped !== null && grouped[1] !== grouped[2]) {
    const [, , , part = ""] = grouped;
    add((part === "" ? compact : compact.slice(0, -part.length - 1)).replace(/[.,]/g, ""), part);
  }
  if (indian !== null)
    add((indian[1] === undefined ? compact : (compact.split(".")[0] ?? "")).replaceAll(",", ""), indian[1] ?? "");
  if (single !== null) add(single[1] ?? "", single[2] ?? "");
  return [...readings];
}

/** Without an exponent and without the dust of binary fractions. */
function plain(value: number): string {
  const text = value.toFixed(6).replace(/0+$/, "").replace(/\.$/, "");
  return text;
}

/** Round numbers say little, and years and powers of two nearly nothing. */
function numberBits(value: string): number {
  if (/^(?:19|20)\d\d$/.test(value) || Number.isInteger(Math.log2(Number(value)))) return 5;
  const digits = value.replace(".", "").replace(/^0+/, "");
  const telling = digits.replace(/0+$/, "");
  return telling.length * DIGIT_BITS + (digits.length - telling.length) * 0.5;
}

/** A row of the same or of neighbouring digits says less than its length. */
function digitBits(digits: string): number {
  let same = 0;
  for (let at = 1; at < digits.length; at++) {
    const step = digits.charCodeAt(at) - digits.charCodeAt(at - 1);
    if (step === 0 || step === 1) same++;
  }
  return (digits.length - same * 0.8) * DIGIT_BITS;
}

function isMoney(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1) === BLANK ? start - 1 : start;
  const after = text.charCodeAt(end) === BLANK ? end + 1 : end;
  return isCurrency(text, before - 1, before - 3) || isCurrency(text, after, after);
}

const BLANK = 0x20;

/** A sign at one place, or a code that begins at another. */
function isCurrency(text: string, sign: number, code: number): boolean {
  const unit = text.charCodeAt(sign);
  if (unit >= 0x41 && unit <= 0x5a) return CURRENCIES.has(text.slice(code, code + 3));
  return (unit === 0x24 || unit > 0x7f) && /\p{Sc}/u.test(text[sign] as string);
}
