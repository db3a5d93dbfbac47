import type { Facts } from "./fact.ts";

/** A day says as much as one of the 10,000 around today, and that somebody wrote it down with its year. */
const DATE_BITS = 18;
/** Days that are written in documents of today: no amount is taken for one. */
const YEAR_MIN = 1900;
const YEAR_MAX = 2199;
/** Languages whose names of months are read; numbers are the same in all. */
const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "cs", "tr", "ru", "uk"];

/** Names and short names of months in small letters and without their dot. */
const MONTHS: ReadonlyMap<string, number> = monthNames();

function monthNames(): Map<string, number> {
  const names = new Map<string, number>();
  for (const language of LANGUAGES)
    for (const month of ["long", "short"] as const)
      for (const day of ["numeric", undefined] as const) {
        // With a day, languages that decline put the name as it stands in a date.
        const format = new Intl.DateTimeFormat(language, { month, ...(day && { day }), timeZone: "UTC" });
        for (let index = 0; index < 12; index++) {
          const parts = format.formatToParts(Date.UTC(2024, index, 15));
          const name =
            parts
              .find(({ type }) => type === "month")
              ?.value.toLowerCase()
              .replace(/\.$/, "") ?? "";
          if (/^\p{L}{3,}$/u.test(name) && !names.has(name)) names.set(name, index + 1);
        }
      }
  return names.set("sept", 9);
}

/** A day's key; none for what is no day. Two digits of a year are of this century. */
function keyOf(year: number, month: number, day: number): string | undefined {
  const full = year < 100 ? year + 2000 : year;
  if (full < YEAR_MIN || full > YEAR_MAX || month < 1 || month > 12 || day < 1) return undefined;
  const date = new Date(Date.UTC(full, month - 1, day));
  return date.getUTCDate() === day ? `date:${date.toISOString().slice(0, 10)}` : undefined;
}

/** The key of the day of an instant, for what everybody knows: today. */
export function dateKey(instant: Date): string {
  return `date:${instant.toISOString().slice(0, 10)}`;
}

const NUMERIC = /(?<![\d.])(\d{1,4})([-/. ]|, ?|\. )(\d{1,2})\2(\d{4}|\d{1,2})(?!\d)/g;
const COMPACT = /(?<!\d)(?:\d{8}(?=T?\d{0,6}Z?\b)|\d{10}(?:\d{3})?)(?!\d)/g;
const CHINESE = /(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]/g;
const DAY_FIRST =
  /(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª)?[.,]?[ -]{0,2}(?:of |de |den |d')?(?:the )?(\p{L}{3,14})[.,]{0,2}[ -]{0,2}(?:of |de |del |d')?['’]?(\d{4}|\d{2})(?!\d)/giu;
const MONTH_FIRST =
  /(?<!\p{L})(\p{L}{3,14})[.,]?[ -]{0,2}(?:the )?(\d{1,2})(?:st|nd|rd|th)?,?[ -]{1,2}'?(\d{4})(?!\d)/giu;
const YEAR_FIRST = /(?<!\d)(\d{4})[., -]{1,2}(\p{L}{3,14})[., -]{1,2}(\d{1,2})(?!\d)/giu;

/** Dates in all usual spellings. Where day and month can be taken for each other, both days are found. */
export function findDates(text: string, facts: Facts): void {
  const add = (match: RegExpExecArray, year: number, month: number | undefined, day: number): void => {
    const key = month === undefined ? undefined : keyOf(year, month, day);
    const { 0: all, index } = match;
    if (key !== undefined) facts.add({ kind: "date", key, bits: DATE_BITS, start: index, end: index + all.length });
  };
  for (const match of text.matchAll(NUMERIC)) {
    const [first, second, third] = [Number(match[1]), Number(match[3]), Number(match[4])];
    if ((match[1] as string).length > 2) add(match, first, second, third);
    else {
      add(match, third, second, first);
      if (first !== second) add(match, third, first, second);
      // 26-03-14: with two digits it may be the year that comes first.
      if ((match[4] as string).length === 2 && match[2] === "-") add(match, first, second, third);
    }
  }
  for (const match of text.matchAll(CHINESE)) add(match, Number(match[1]), Number(match[2]), Number(match[3]));
  for (const match of text.matchAll(COMPACT)) addCompact(match, add);
  for (const match of text.matchAll(DAY_FIRST)) add(match, Number(match[3]), monthOf(match[2]), Number(match[1]));
  for (const match of text.matchAll(MONTH_FIRST)) add(match, Number(match[3]), monthOf(match[1]), Number(match[2]));
  for (const match of text.matchAll(YEAR_FIRST)) add(match, Number(match[1]), monthOf(match[2]), Number(match[3]));
}

type Add = (match: RegExpExecArray, year: number, month: number | undefined, day: number) => void;

/** 20260314, and seconds or milliseconds since 1970 of this century. */
function addCompact(match: RegExpExecArray, add: Add): void {
  const [digits] = match;
  if (digits.length === 8)
    add(match, Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6, 8)));
  else {
    const at = new Date(Number(digits) * (digits.length === 10 ? 1000 : 1));
    if (at.getUTCFullYear() >= 2000 && at.getUTCFullYear() < 2100)
      add(match, at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate());
  }
}

function monthOf(name: string | undefined): number | undefined {
  return MONTHS.get(name?.toLowerCase() ?? "");
}
