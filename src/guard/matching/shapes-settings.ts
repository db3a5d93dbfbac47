import { isBlank, isDigit, isWord, NEWLINE, startsWithAnyCase } from "./bytes.ts";
import { runEndOnce } from "./letter-runs.ts";
import { hasManySigns, isPlaceholder, looksSecret, runEnd } from "./secret-values.ts";
import type { Span } from "./shapes.ts";

const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const COLON = 0x3a;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;
/** Longest value of a setting that is looked at. */
const VALUE_BYTES_MAX = 512;
/** A password of a setting is no shorter; PINs and placeholders are. */
const PASSWORD_MIN = 6;
/** Words before a setting on its line: of shells, of Docker's files, of lists in YAML. */
const BEFORE_SETTINGS = ["export", "env", "set", "setenv", "arg", "-"];

/** Where a name without quotes stands. */
type Place = "line" | "option" | "among-others" | undefined;

/**
 * A name that says what its value is (`DB_PASSWORD=…`, `"api_key": "…"`, `Password=…;`), and a value that is one: no variable,
 * no call, no word. The literal is the name's last word.
 */
export function assignedSecret(bytes: Uint8Array, span: Span): boolean {
  if (isWord(bytes[span.end])) return false;
  const nameIsQuoted = isQuote(bytes[span.end]);
  const sign = skipSpaces(bytes, span.end + (nameIsQuoted ? 1 : 0));
  const letter = isWord(bytes[span.start]) && bytes[span.start] !== UNDERSCORE ? span.start : span.start + 1;
  const isCapital = isUpper(bytes[letter]) && isUpper(bytes[letter + 1]);
  // `define('DB_PASSWORD', '…')`
  const isSign =
    bytes[sign] === EQUALS || bytes[sign] === COLON || (bytes[sign] === COMMA && nameIsQuoted && isCapital);
  if (!isSign || bytes[sign + 1] === EQUALS || bytes[sign + 1] === COLON) return false;
  let at = skipBlanks(bytes, sign + 1);
  if ((bytes[at] === 0x62 || bytes[at] === 0x66) && isQuote(bytes[at + 1])) at++;
  const found = isQuote(bytes[at])
    ? quotedSecret(bytes, span.start, at, isCapital)
    : bareSecret(bytes, span, at, isCapital, sign + 1 === at);
  if (found < 0) return false;
  span.start = isQuote(bytes[at]) ? at + 1 : at;
  span.end = found;
  return true;
}

/** Where the value ends whose quote is at `open`; -1 when it is no secret. */
function quotedSecret(bytes: Uint8Array, name: number, open: number, isCapital: boolean): number {
  const quote = bytes[open];
  const first = open + 1;
  let end = first;
  while (end - first < VALUE_BYTES_MAX && isVisible(bytes[end]) && bytes[end] !== quote) end++;
  if (bytes[end] !== quote || end === first || isPlaceholder(bytes, first, end)) return -1;
  if (looksSecret(bytes, first, end, false) && runEnd(bytes, first, "quoted", end - first) === end) return end;
  if (hasManySigns(bytes, first, end)) return end;
  if (!isPasswordName(bytes, name) || end - first < PASSWORD_MIN || end - first > 64) return -1;
  const isPlain = runEnd(bytes, first, "quoted", end - first) === end;
  const isMixed = hasDigit(bytes, first, end) && looksSecret(bytes, first, end, true);
  const isEnvironment = isCapital && standsInSettings(bytes, name) === "line" && looksSecret(bytes, first, end, true);
  return isPlain && (isMixed || isEnvironment) ? end : -1;
}

/** The same of a value without quotes. `isTight`: it follows the sign at once. */
function bareSecret(bytes: Uint8Array, span: Span, first: number, isCapital: boolean, isTight: boolean): number {
  const name = span.start;
  const place = standsInSettings(bytes, name);
  if (place === undefined) return -1;
  const end = runEndOnce(span, bytes, first, place === "among-others" ? "parameter" : "value", VALUE_BYTES_MAX);
  const isEnvironment = isCapital && isTight && bytes[end] === SPACE;
  if (!endsSetting(bytes, end) && !(isBlank(bytes[end]) && (place !== "line" || isEnvironment))) return -1;
  const isPassword = isPasswordName(bytes, name);
  if (isPlaceholder(bytes, first, end)) return -1;
  if (looksSecret(bytes, first, end, isCapital || isPassword) && (isCapital || hasDigit(bytes, first, end))) return end;
  // A word is a secret where nothing but a value can stand.
  const isSure = isCapital
    ? isTight || isPassword
    : isPassword && isTight && (place !== "line" || isDotted(bytes, name));
  return isSure && end - first >= PASSWORD_MIN && looksWord(bytes, first, end) ? end : -1;
}

/** Whether the name, of which the last word starts here, is the first thing on its line, an option, or one of many settings in a row. */
function standsInSettings(bytes: Uint8Array, lastWord: number): Place {
  let at = lastWord - 1;
  while (at > lastWord - 64 && (isWord(bytes[at]) || bytes[at] === DASH || bytes[at] === DOT)) at--;
  const before = bytes[at];
  if (before === 0x3b || before === 0x3f || before === 0x26) return "among-others";
  if (isBlank(before) && bytes[at + 1] === DASH && bytes[at + 2] === DASH) return "option";
  const gap = at;
  while (at > lastWord - 96 && (bytes[at] === SPACE || bytes[at] === TAB)) at--;
  if (bytes[at] === undefined || bytes[at] === NEWLINE) return "line";
  if (gap === at) return undefined;
  let word = at;
  while (word > at - 64 && isVisible(bytes[word])) word--;
  if (isAssignment(bytes, word + 1, at + 1)) return "among-others";
  const isKnown = BEFORE_SETTINGS.some(
    (text) => at - word === text.length && startsWithAnyCase(bytes, word + 1, text) && at - text.length === word,
  );
  return isKnown ? "line" : undefined;
}

/** `host=h` before ` password=…`: a connection string in libpq's form, or variables before a command. */
function isAssignment(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && isWord(bytes[at])) at++;
  return at > start && at + 1 < end && bytes[at] === EQUALS && bytes[at + 1] !== EQUALS;
}

/** `spring.datasource.password`, `storePassword`: names of settings files and of no variable. */
function isDotted(bytes: Uint8Array, lastWord: number): boolean {
  const before = bytes[lastWord - 1];
  return before === DOT || (isUpper(bytes[lastWord]) && isWord(before));
}

const PASSWORDS = ["pass", "pwd", "psk", "_pass", ".pass"];

function isPasswordName(bytes: Uint8Array, start: number): boolean {
  return PASSWORDS.some((word) => startsWithAnyCase(bytes, start, word));
}

/** No name of a file, a variable or a call. */
function looksWord(bytes: Uint8Array, first: number, end: number): boolean {
  for (let at = first; at < end; at++) if (bytes[at] === 0x2f || bytes[at] === DOT || bytes[at] === COLON) return false;
  return !startsWithAnyCase(bytes, first, "pass") && !startsWithAnyCase(bytes, first, "secret");
}

const isQuote = (byte: number | undefined): boolean => byte === 0x22 || byte === 0x27;
const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x41 && byte <= 0x5a;
const isVisible = (byte: number | undefined): boolean => byte !== undefined && byte > 0x20 && byte < 0x7f;

function hasDigit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (isDigit(bytes[at])) return true;
  return false;
}

function skipSpaces(bytes: Uint8Array, at: number): number {
  let index = at;
  while (index < at + 4 && (bytes[index] === SPACE || bytes[index] === TAB)) index++;
  return index;
}

/** Settings are aligned. */
function skipBlanks(bytes: Uint8Array, at: number): number {
  let index = at;
  while (index < at + 24 && (bytes[index] === SPACE || bytes[index] === TAB)) index++;
  return index;
}

function endsSetting(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined || byte === NEWLINE || byte === 0x0d || byte === 0x3b || byte === 0x22 || byte === 0x26)
    return true;
  return isBlank(byte) && bytes[at + 1] === 0x23;
}
