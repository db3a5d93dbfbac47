import { literals, type Pattern, type Rule, shaped } from "../rule.ts";

const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));

const ZERO_WIDTH = [
  ...range(0x200b, 0x200d),
  ...range(0x2060, 0x2064),
  "\ufeff",
  "\u00ad",
  "\u180e",
  "\u3164",
  "\uffa0",
  "\u115f",
  "\u1160",
];
const BIDI = [...range(0x202a, 0x202e), ...range(0x2066, 0x2069), "\u200e", "\u200f"];
const everyTag = (): Pattern[] => shaped("tag-run", ...range(0xe0000, 0xe007f));
const everySelector = (): Pattern[] => shaped("selector-run", ...range(0xfe00, 0xfe0f), ...range(0xe0100, 0xe01ef));

/** Characters that hide text or reorder it. What they hide is decoded and scanned as well. */
export const UNICODE_RULES: readonly Rule[] = [
  {
    id: "unicode.tags",
    family: "unicode",
    severity: "high",
    meaning: "Unicode tag characters spell ASCII that nobody sees (ASCII smuggling). Flag emoji are excepted.",
    reason: "contains hidden text in Unicode tags",
    patterns: everyTag(),
  },
  {
    id: "unicode.selectors",
    family: "unicode",
    severity: "medium",
    meaning: "A row of variation selectors: bytes hidden behind one visible character.",
    reason: "contains data hidden in variation selectors",
    patterns: everySelector(),
  },
  {
    id: "unicode.zero-width-run",
    family: "unicode",
    severity: "medium",
    meaning: "A long row of zero-width characters: hidden bits.",
    reason: "contains data hidden in zero-width characters",
    patterns: shaped("zero-width-run", ...ZERO_WIDTH),
  },
  {
    id: "unicode.bidi-override",
    family: "unicode",
    severity: "medium",
    decodedSeverity: "info",
    meaning: "Forces the order in which characters are shown (Trojan Source, CVE-2021-42574).",
    reason: "overrides the direction of text",
    patterns: shaped("bidi-override", "\u202d", "\u202e"),
  },
  {
    id: "unicode.bidi",
    family: "unicode",
    severity: "info",
    meaning: "Direction marks, embeddings and isolates, as right-to-left scripts need them.",
    reason: "contains text direction marks",
    patterns: literals(...BIDI),
  },
  {
    id: "unicode.zero-width",
    family: "unicode",
    severity: "info",
    meaning: "Zero-width characters: byte-order marks, emoji joiners, wiki tables.",
    reason: "contains zero-width characters",
    patterns: literals(...ZERO_WIDTH),
  },
];
