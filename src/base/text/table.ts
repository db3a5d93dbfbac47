/**
 * Which characters a reader does not see for what they are. This is the only place of the package that says so: whatever shows
 * text of others, on a terminal, on the page or in a title, asks here. The classes are the Unicode properties of the engine's
 * own data, so that nothing is listed from memory but the few characters below that Unicode has no property for.
 */

export type HiddenKind =
  | "line-break"
  | "control"
  | "bidi"
  | "tag"
  | "variation-selector"
  | "ignorable"
  | "space"
  | "blank"
  | "private-use"
  | "noncharacter"
  | "unassigned"
  | "surrogate"
  | "combining"
  | "notation"
  | "not-utf8";

/** Begins and ends what the painters write in place of a hidden character. */
export const OPEN = "⟦";
export const CLOSE = "⟧";
/** What a terminal shows for a tab in a line of code. */
export const TAB_SIGN = "⇥";

/**
 * Characters that fonts draw as nothing although no property of Unicode says so (Default_Ignorable_Code_Point and white space
 * are below): each is a letter, a symbol or a mark by its category.
 */
const BLANKS: readonly (readonly [character: string, reason: string])[] = [
  ["\u2800", "braille pattern blank: a cell without dots, as wide as a space"],
  ["\ufffc", "object replacement character: stands for an object that a plain text does not have"],
  ["\u{1107f}", "Brahmi number joiner: joins two number signs and has no form of its own"],
  ["\u{13441}", "Egyptian hieroglyph full blank: the room of a sign, left empty"],
  ["\u{13442}", "Egyptian hieroglyph half blank"],
  ["\u{16fe4}", "Khitan small script filler: takes a place in a block and draws nothing"],
  ["\u{1d159}", "musical symbol null notehead: a note without a head"],
];

interface HiddenClass {
  readonly kind: HiddenKind;
  /** Inside a character class of a regular expression with the flag `v`. */
  readonly source: string;
  readonly label: string;
}

/** The first that holds a character names its kind. */
const CLASSES: readonly HiddenClass[] = [
  // Every character that some program or terminal takes for the end of a line (UAX 14: BK, CR, LF, NL).
  { kind: "line-break", source: String.raw`\n\v\f\r\x85\p{Zl}\p{Zp}`, label: "line break" },
  { kind: "control", source: String.raw`\p{Cc}`, label: "control character" },
  { kind: "bidi", source: String.raw`\p{Bidi_Control}`, label: "changes the direction of text" },
  // The block Tags (Blocks.txt), which spells ASCII in characters without a form.
  { kind: "tag", source: String.raw`\u{e0000}-\u{e007f}`, label: "tag" },
  { kind: "variation-selector", source: String.raw`\p{Variation_Selector}`, label: "variation selector" },
  // Cf has some that do show, such as the Arabic signs that go round a number: rare, and they too change what stands beside them.
  { kind: "ignorable", source: String.raw`\p{Default_Ignorable_Code_Point}\p{Cf}`, label: "not visible by itself" },
  { kind: "space", source: String.raw`[\p{Zs}--[\x20]]`, label: "a space of another kind" },
  { kind: "blank", source: BLANKS.map(([character]) => character).join(""), label: "blank" },
  { kind: "private-use", source: String.raw`\p{Co}`, label: "private use" },
  { kind: "noncharacter", source: String.raw`\p{Noncharacter_Code_Point}`, label: "not a character" },
  { kind: "unassigned", source: String.raw`\p{Cn}`, label: "not assigned" },
  { kind: "surrogate", source: String.raw`\p{Cs}`, label: "half of a surrogate pair" },
  // Spelled out, so that a text which only looks like our notation is not taken for it.
  { kind: "notation", source: `${OPEN}${TAB_SIGN}`, label: "a sign of this notation" },
];

/** All of them, for a character class with the flag `v`. */
export const HIDDEN = CLASSES.map(({ source }) => source).join("");

const MATCHERS = CLASSES.map(({ kind, source, label }) => ({ kind, label, pattern: new RegExp(`^[${source}]$`, "v") }));

/** Undefined for a character that is seen. A mark without a letter below it is not told here: that depends on its neighbours. */
export function hiddenKind(codePoint: number): HiddenKind | undefined {
  const character = String.fromCodePoint(codePoint);
  return MATCHERS.find(({ pattern }) => pattern.test(character))?.kind;
}

/** What there is to say of a hidden character in a few words. */
export function hiddenLabel(codePoint: number, kind: HiddenKind): string {
  const name = NAMES[codePoint];
  if (name !== undefined) return name;
  switch (kind) {
    case "not-utf8":
      return "a byte that is not UTF-8";
    case "combining":
      return "a mark with no letter of its own below it, or one of too many";
    case "tag":
      return codePoint >= 0xe0020 && codePoint < 0xe007f ? `tag ${String.fromCodePoint(codePoint - 0xe0000)}` : "tag";
    case "blank":
      return BLANKS.find(([character]) => character.codePointAt(0) === codePoint)?.[1] ?? "blank";
    default:
      return CLASSES.find((one) => one.kind === kind)?.label ?? "not visible by itself";
  }
}

/** The names of those that turn up most (Unicode's NamesList.txt; ISO 6429 for controls). */
const NAMES: Readonly<Record<number, string>> = {
  0: "null",
  7: "bell",
  8: "backspace",
  9: "tab",
  10: "line feed",
  11: "line tabulation",
  12: "form feed",
  13: "carriage return",
  27: "escape",
  127: "delete",
  133: "next line",
  155: "control sequence introducer",
  157: "operating system command",
  160: "no-break space",
  173: "soft hyphen",
  847: "combining grapheme joiner",
  1564: "Arabic letter mark",
  4447: "Hangul choseong filler",
  4448: "Hangul jungseong filler",
  8203: "zero width space",
  8204: "zero width non-joiner",
  8205: "zero width joiner",
  8206: "left-to-right mark",
  8207: "right-to-left mark",
  8232: "line separator",
  8233: "paragraph separator",
  8234: "left-to-right embedding",
  8235: "right-to-left embedding",
  8236: "end of embedding",
  8237: "left-to-right override",
  8238: "right-to-left override",
  8239: "narrow no-break space",
  8288: "word joiner",
  8294: "left-to-right isolate",
  8295: "right-to-left isolate",
  8296: "first strong isolate",
  8297: "end of isolate",
  12288: "ideographic space",
  12644: "Hangul filler",
  65279: "byte order mark",
  65440: "halfwidth Hangul filler",
};
