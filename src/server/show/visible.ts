import { html } from "hono/html";
import type { Html } from "./html.ts";

/**
 * Text of others, with everything that cannot be seen, or that changes how the rest is seen, spelled out: controls, formats (bidi,
 * zero width, tags), unusual spaces and separators, private and unassigned characters, blank letters. Escaping is left to `html`.
 */
const HIDDEN = /((?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{DI}\u2800]|(?! )\p{Zs})+)/u;
/** Tabs line code up and hide nothing. */
const HIDDEN_BUT_TAB = /((?:(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{DI}\u2800]|(?! )\p{Zs})+)/u;

const NAMES: Readonly<Record<number, string>> = {
  0: "null",
  7: "bell",
  8: "backspace",
  9: "tab",
  10: "line feed",
  13: "carriage return",
  27: "escape",
  160: "no-break space",
  173: "soft hyphen",
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
  8288: "word joiner",
  8294: "left-to-right isolate",
  8295: "right-to-left isolate",
  8296: "first strong isolate",
  8297: "end of isolate",
  65279: "byte order mark",
};

/** One line of text. */
export function visible(text: string): readonly (string | Html)[] {
  return parts(text, HIDDEN);
}

/** One line of code: tabs stay. */
export function visibleCode(text: string): readonly (string | Html)[] {
  return parts(text, HIDDEN_BUT_TAB);
}

/** A name or another short text of others, kept apart from what stands around it. */
export function foreign(text: string, charactersMax = Number.POSITIVE_INFINITY): Html {
  return html`<bdi class="foreign">${shortened(text, charactersMax)}</bdi>`;
}

/** The middle of a long text is left out, and that is said. */
function shortened(text: string, charactersMax: number): readonly (string | Html)[] {
  if (text.length <= charactersMax) return visible(text);
  const tail = Math.floor(charactersMax / 4);
  const head = charactersMax - tail;
  const left = text.length - head - tail;
  return [
    ...visible(text.slice(0, head)),
    html`<i class="hidden-char">⟦${left.toLocaleString("en")} more characters⟧</i>`,
    ...visible(text.slice(-tail)),
  ];
}

/** For places that hold plain text only, such as a title or an aria-label. */
export function visibleText(text: string): string {
  return text
    .split(HIDDEN)
    .map((part, index) => (index % 2 === 1 ? spell(part) : part))
    .join("");
}

function parts(text: string, pattern: RegExp): readonly (string | Html)[] {
  return text.split(pattern).map((part, index) => (index % 2 === 1 ? badge(part) : part));
}

/** Neighbours share one badge, so that a million of them cost no more than their numbers. */
function badge(hidden: string): Html {
  const names = [...hidden].slice(0, 3).map((character) => NAMES[character.codePointAt(0) as number]);
  const title = names.every((name) => name !== undefined) ? names.join(", ") : "not visible by itself";
  return html`<i class="hidden-char" title="${title}">${spell(hidden)}</i>`;
}

/** `⟦U+202E⟧`; repetitions are counted. */
function spell(hidden: string): string {
  const runs: { code: string; count: number }[] = [];
  for (const character of hidden) {
    const code = `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
    const last = runs.at(-1);
    if (last?.code === code) last.count++;
    else runs.push({ code, count: 1 });
  }
  return `⟦${runs.map(({ code, count }) => (count === 1 ? code : `${code} ×${count}`)).join(" ")}⟧`;
}
