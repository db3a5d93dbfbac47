import { joinSegments, spell } from "./spelling.ts";
import { TAB_SIGN } from "./table.ts";
import { type HiddenCharacter, visible, visibleBytes } from "./visible.ts";

/**
 * The painter for terminals. Guest output, names and contents are somebody else's choice: on a terminal they could move the
 * cursor over what was printed before, set the clipboard, answer queries into the user's shell, or show something else than
 * what is there. Nothing below makes a control character of them, but for what `terminalOutput` and `terminalNet` say.
 */

/** A name or another short text, on one line. */
export function terminalLine(text: string | Uint8Array): string {
  return joinSegments(typeof text === "string" ? visible(text) : visibleBytes(text));
}

/** A line of code: tabs are frequent, so they are a sign rather than a mark. */
export function terminalCode(text: string): string {
  return joinSegments(visible(text, "tabs")).replaceAll("\t", TAB_SIGN);
}

/** A text of several lines, each as `terminalCode` has it. Whoever prints it indents it, so that no line passes for ours. */
export function terminalLines(text: string | Uint8Array): string {
  const segments = typeof text === "string" ? visible(text, "lines") : visibleBytes(text, "lines");
  return joinSegments(segments).replaceAll("\t", TAB_SIGN);
}

/** Select Graphic Rendition (ECMA-48, 8.3.117): the one family of control sequences that only changes how text looks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const STYLE_OR_LINE_END = /\x1b\[([0-9;:]*)m|\r\n/g;
const RESET = "\x1b[0m";

/**
 * What a program printed, for whoever started it: styles, tabs and line ends stay. A carriage return within a line, which lets
 * the rest of it hide its beginning, does not, and no style that conceals. Styles end with the text, so that they
 * cannot hide what is printed after it.
 */
export function terminalOutput(text: string): string {
  const { painted, isStyled } = betweenStyles(text, (part) => joinSegments(visible(part, "lines")));
  return painted + (isStyled ? RESET : "");
}

/**
 * A last look at a text of ours before it is printed: names in it were painted when they were put there, so their marks stay,
 * as do lines and styles. What was forgotten is marked here.
 */
export function terminalNet(text: string): string {
  return betweenStyles(text, (part) =>
    visible(part, "lines")
      .map(({ text: seen, hidden }) => seen ?? hidden.map(spelledButNotation).join(""))
      .join(""),
  ).painted;
}

function spelledButNotation(one: HiddenCharacter): string {
  return one.kind === "notation" ? String.fromCodePoint(one.codePoint).repeat(one.count) : spell([one]);
}

/** Styles and line ends stay; `paint` makes something of each stretch between them. */
function betweenStyles(text: string, paint: (part: string) => string): { painted: string; isStyled: boolean } {
  const parts: string[] = [];
  let from = 0;
  let isStyled = false;
  for (const match of text.matchAll(STYLE_OR_LINE_END)) {
    const [sequence, parameters] = match;
    if (parameters !== undefined && conceals(parameters)) continue;
    isStyled ||= parameters !== undefined;
    parts.push(paint(text.slice(from, match.index)), sequence);
    from = match.index + sequence.length;
  }
  parts.push(paint(text.slice(from)));
  return { painted: parts.join(""), isStyled };
}

/** Whether 8, "concealed characters", is among the parameters; after 38, 48 and 58 it may be a part of a colour. */
function conceals(parameters: string): boolean {
  const list = parameters.split(";");
  for (let at = 0; at < list.length; at++) {
    const [first, ...parts] = (list[at] as string).split(":");
    const value = Number(first);
    if (value === 8) return true;
    // Colour by index takes two parameters more, by components four (ITU-T T.416, as xterm reads it).
    if ((value === 38 || value === 48 || value === 58) && parts.length === 0) at += list[at + 1] === "2" ? 4 : 2;
  }
  return false;
}

/**
 * JSON that a terminal takes for text: what is hidden stands as an escape, so the value is the same. Line breaks and spaces
 * of the layout stay.
 */
export function terminalJson(value: unknown, indentColumns?: number): string {
  const segments = visible(JSON.stringify(value, bytesAsBase64, indentColumns), "lines");
  return segments.map(({ text, hidden }) => text ?? hidden.map(escaped).join("")).join("");
}

function escaped({ codePoint, count }: { readonly codePoint: number; readonly count: number }): string {
  const units = String.fromCodePoint(codePoint).split("");
  const one = units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  return one.repeat(count);
}

function bytesAsBase64(_: string, member: unknown): unknown {
  return member instanceof Uint8Array ? Buffer.from(member).toString("base64") : member;
}
