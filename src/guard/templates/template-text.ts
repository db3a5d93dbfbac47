/** A piece of what a chat template writes: text of its own, or a place where something of a message is put in. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "slot"; readonly what: "role" | "content" | "other" };

/** Pieces kept of one template; the longest public ones have some 600. */
const PIECES_MAX = 20_000;

/**
 * What a Jinja or Go template may write, in its order: text between actions, and string literals that expressions write. Nothing is
 * executed: conditions and loops are read as if each of their branches were written once.
 */
export function readTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < template.length && pieces.length < PIECES_MAX) {
    const open = nextAction(template, at);
    addText(pieces, template.slice(at, open));
    if (open === template.length) break;
    const close = actionEnd(template, open);
    const sign = template[open + 1];
    if (sign !== "#") readAction(pieces, template.slice(open + 2, close), sign === "%");
    at = close + 2;
    // A dash at an action's edge takes the white space beside it.
    if (template[close - 1] === "-") at = skipBlanks(template, at);
  }
  return pieces;
}

function nextAction(template: string, from: number): number {
  for (let at = template.indexOf("{", from); at >= 0; at = template.indexOf("{", at + 1)) {
    const sign = template[at + 1];
    if (sign === "{" || sign === "%" || sign === "#") return at;
  }
  return template.length;
}

/** Index of the closing sign of the action that opens at `open`; signs in its strings do not count. */
function actionEnd(template: string, open: number): number {
  const closing = template[open + 1] === "{" ? "}}" : `${template[open + 1]}}`;
  let quote = "";
  for (let at = open + 2; at < template.length; at++) {
    const character = template[at] as string;
    if (quote !== "" && character === "\\") at++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (template.startsWith(closing, at)) return at;
    else if (closing !== "#}" && (character === '"' || character === "'" || character === "`")) quote = character;
  }
  return template.length;
}

function addText(pieces: Piece[], text: string): void {
  // White space that only lays the template out.
  if (text.trim() !== "") pieces.push({ kind: "text", text });
}

const PARTS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[\w.$]+|\S/g;

/** An expression writes what it says; of statements only `set` makes text that is written later. */
function readAction(pieces: Piece[], action: string, isStatement: boolean): void {
  const parts: readonly string[] = action.match(PARTS) ?? [];
  if (isStatement && !parts.includes("set")) return;
  if (!isStatement && GO_KEYWORDS.has(parts.find((part) => part !== "-") ?? "")) return;
  const from = isStatement ? parts.indexOf("=") + 1 : 0;
  for (let index = from; index < parts.length; index++) {
    const part = parts[index] as string;
    const before = parts[index - 1];
    if (/^["'`]/.test(part)) {
      if (before === "[") addSlot(pieces, unquoted(part));
      else if (!COMPARED.has(before ?? "") && !COMPARED.has(parts[index + 1] ?? "")) addText(pieces, unquoted(part));
    } else if (/^[\w.$]+$/.test(part) && !/^\d/.test(part) && !WORDS.has(part)) addSlot(pieces, part);
  }
}

const GO_KEYWORDS = new Set(["if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"]);
const WORDS = new Set(["if", "else", "and", "or", "not", "in", "is", "defined", "trim", "true", "false", "none"]);
const COMPARED = new Set(["=", "!", "<", ">", "in", "("]);

/** `message['role']` is one slot, not two. */
function addSlot(pieces: Piece[], name: string): void {
  const what = /role/i.test(name)
    ? "role"
    : /content|prompt|system|response|query|text/i.test(name)
      ? "content"
      : "other";
  const last = pieces.at(-1);
  if (last?.kind === "slot" && last.what === "other") pieces.pop();
  pieces.push({ kind: "slot", what });
}

function unquoted(literal: string): string {
  const body = literal.slice(1, -1);
  return literal[0] === "`" ? body : body.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? "")) at++;
  return at;
}
