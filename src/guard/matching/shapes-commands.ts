import type { Trigger } from "../rule.ts";
import { isBlank, isWord, NEWLINE, startsWith } from "./bytes.ts";
import { isOpaque, isQuote, isVisible, take, WORD_BYTES_MAX } from "./credential-words.ts";
import type { Span } from "./shapes.ts";

const COLON = 0x3a;
const DASH = 0x2d;
/** So much of a command is looked at for its password. */
const COMMAND_BYTES_MAX = 256;

/**
 * A command and the options of its that take a password: `-a` takes the next word or what follows at once, `-p+` only that, `-u:` what
 * comes behind its colon and `-b=` what comes behind its sign. The literal is the command.
 */
export function commandPassword(bytes: Uint8Array, span: Span, { text, values = [] }: Trigger): boolean {
  const limit = span.end + COMMAND_BYTES_MAX;
  let at = span.end;
  if (!isBlank(bytes[at]) || bytes[at] === NEWLINE) return false;
  while (at < limit) {
    while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
    const end = argumentEnd(bytes, at);
    // The next command begins, and is looked at by itself, so each byte is read once.
    if (end === at || (end > span.end && endsIn(bytes, end, text) && isBlank(bytes[end]))) return false;
    if (bytes[at] === DASH && hasPassword(bytes, span, at, end, optionsOf(values))) return true;
    at = end;
  }
  return false;
}

interface Option {
  readonly text: string;
  /** What marks where its password begins; empty when it is the whole argument. */
  readonly kind: string;
}

const OPTIONS = new WeakMap<readonly string[], readonly Option[]>();

/** All begin with a dash. Parsed once for each rule. */
function optionsOf(values: readonly string[]): readonly Option[] {
  const known = OPTIONS.get(values);
  if (known !== undefined) return known;
  const options = values.map((value): Option => {
    const [, text = "", kind = ""] = /^(.*?)([+:=]?)$/.exec(value) ?? [];
    return { text, kind };
  });
  OPTIONS.set(values, options);
  return options;
}

/** Whether the argument from `at` to `end` is one of the options, and a password comes after it. */
function hasPassword(bytes: Uint8Array, span: Span, at: number, end: number, options: readonly Option[]): boolean {
  for (const { text, kind } of options) {
    if (!startsWith(bytes, at, text)) continue;
    let first = at + text.length;
    if (first === end && kind !== "+") {
      while (bytes[first] === 0x20) first++;
    } else if (bytes[first] === 0x3d) first++;
    else if (text.startsWith("--")) continue;
    if (isArgument(bytes, span, first, argumentEnd(bytes, first), kind)) return true;
  }
  return false;
}

/** Whether the word that ends here is the command. */
function endsIn(bytes: Uint8Array, end: number, text: string): boolean {
  const start = end - text.length;
  return startsWith(bytes, start, text) && !isWord(bytes[start - 1]);
}

function isArgument(bytes: Uint8Array, span: Span, from: number, to: number, kind: string): boolean {
  const quoted = isQuote(bytes[from]);
  let first = quoted ? from + 1 : from;
  const end = quoted && bytes[to - 1] === bytes[from] ? to - 1 : to;
  if (bytes[first] === 0x2d || bytes[first] === 0x5b) return false;
  if (kind === ":" || kind === "=") {
    const sign = kind === ":" ? COLON : 0x3d;
    while (first < end && bytes[first] !== sign) first++;
    first++;
    if (kind === "=" && !isOpaque(bytes, first, end)) return false;
  }
  return take(bytes, span, first, end);
}

/** An argument of a shell, with its quotes; 0 bytes long where the command ends. */
function argumentEnd(bytes: Uint8Array, first: number): number {
  const limit = first + WORD_BYTES_MAX;
  const quote = bytes[first];
  let at = first;
  if (isQuote(quote)) {
    at++;
    while (at < limit && bytes[at] !== quote && bytes[at] !== undefined && bytes[at] !== NEWLINE) at++;
    return bytes[at] === quote ? at + 1 : at;
  }
  while (at < limit && isVisible(bytes[at]) && bytes[at] !== 0x3b && bytes[at] !== 0x7c && bytes[at] !== 0x60) at++;
  return at;
}
