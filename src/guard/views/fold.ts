import { isCombining, isInvisible } from "./invisible.ts";

/** What the folded view does with a code point. */
export const KEEP = 0;
export const DROP = 1;
/** From here on: index into the table of replacements. */
const FIRST_REPLACEMENT = 2;

/** Letters and signs that look like ASCII but are no compatibility form of it, by what they look like. */
const CONFUSABLES: Readonly<Record<string, string>> = {
  "<": "‹〈⟨˂ᐸ❮《«𐒴",
  ">": "›〉⟩˃ᐳ❯》»",
  "|": "❘∣ǀ│¦⏐│ӀⅠ׀᠁❙┃",
  "[": "【〔⟦〖",
  "]": "】〕⟧〗",
  "{": "❴⦃",
  "}": "❵⦄",
  ":": "։׃꞉˸∶ː܃",
  _: "▁ˍ⎽",
  "/": "⁄∕╱⧸",
  "-": "‐‑‒–—−",
  "~": "∼˜⁓〜",
  '"': "“”„‟″",
  "'": "‘’‚‛′",
  a: "аαɑ",
  b: "Ьƅ",
  c: "сϲ",
  d: "ԁ",
  e: "еҽ",
  g: "ɡց",
  h: "һհ",
  i: "іιı",
  j: "јϳ",
  k: "κк",
  l: "ӏ",
  m: "м",
  n: "ոп",
  o: "оοօ",
  p: "рρ",
  q: "ԛ",
  r: "г",
  s: "ѕ",
  t: "тτ",
  u: "υս",
  v: "νѵ",
  w: "ԝѡ",
  x: "хχ",
  y: "уγ",
  A: "АΑ",
  B: "ВΒ",
  C: "СϹ",
  D: "Ꭰ",
  E: "ЕΕ",
  H: "НΗ",
  I: "ІΙ",
  J: "Ј",
  K: "КΚ",
  M: "МΜ",
  N: "Ν",
  O: "ОΟ",
  P: "РΡ",
  S: "Ѕ",
  T: "ТΤ",
  X: "ХΧ",
  Y: "ҮΥ",
  Z: "Ζ",
};

/** Blocks with compatibility forms of ASCII: Latin-1 to CJK compatibility, presentation forms, fullwidth, mathematics. */
const COMPATIBILITY_RANGES: readonly (readonly [number, number])[] = [
  [0x00a0, 0x02ff],
  [0x1d00, 0x1dbf],
  [0x2000, 0x24ff],
  [0x2a00, 0x2aff],
  [0x3000, 0x33ff],
  [0xfb00, 0xfb06],
  [0xfe10, 0xfe6f],
  [0xff00, 0xffef],
  [0x1d400, 0x1d7ff],
  [0x1f100, 0x1f1ff],
  [0x1fbf0, 0x1fbf9],
];

/** How non-ASCII code points are read when structure is looked for: dropped, kept, or as ASCII. */
export class FoldTable {
  readonly #basic = new Uint16Array(0x10000);
  readonly #astral = new Map<number, number>();
  readonly #replacements: Uint8Array[] = [];
  readonly #confusableFrom: number;

  constructor() {
    for (const [first, last] of COMPATIBILITY_RANGES)
      for (let point = first; point <= last; point++) this.#add(point, String.fromCodePoint(point).normalize("NFKC"));
    this.#confusableFrom = this.#replacements.length + FIRST_REPLACEMENT;
    for (const [ascii, looksLike] of Object.entries(CONFUSABLES))
      for (const character of looksLike) this.#add(character.codePointAt(0) as number, ascii);
    for (let point = 0x80; point < 0x10000; point++)
      if (isInvisible(point) || isCombining(point)) this.#basic[point] = DROP;
  }

  /** KEEP, DROP, or an action for `replacement`. */
  action(point: number): number {
    if (point < 0x10000) return this.#basic[point] as number;
    return isInvisible(point) ? DROP : (this.#astral.get(point) ?? KEEP);
  }

  replacement(action: number): Uint8Array {
    return this.#replacements[action - FIRST_REPLACEMENT] as Uint8Array;
  }

  isConfusable(action: number): boolean {
    return action >= this.#confusableFrom;
  }

  /** Only plain ASCII counts, and only what takes no more bytes than before, so that a view never outgrows its source. */
  #add(point: number, text: string): void {
    const ascii = /^[\x20-\x7e]+$/.test(text);
    if (!ascii || text.length > Buffer.byteLength(String.fromCodePoint(point))) return;
    const action = this.#replacements.push(Buffer.from(text)) - 1 + FIRST_REPLACEMENT;
    if (point < 0x10000) this.#basic[point] = action;
    else this.#astral.set(point, action);
  }
}

let shared: FoldTable | undefined;

/** Built on first need: some 4,000 calls of `normalize`, about a millisecond. */
export function foldTable(): FoldTable {
  shared ??= new FoldTable();
  return shared;
}
