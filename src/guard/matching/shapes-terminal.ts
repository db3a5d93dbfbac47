import { BACKSLASH, ESC, isDigit, startsWith } from "./bytes.ts";
import type { Span } from "./shapes.ts";

/** Parameters of a control sequence; xterm takes 30 parameters, ours are one or two. */
const PARAMETERS_MAX = 64;

/** End of a CSI sequence's parameters (ECMA-48, 5.4): digits, `;`, `:` and private markers. */
function parametersEnd(bytes: Uint8Array, first: number): number {
  let at = first;
  const limit = first + PARAMETERS_MAX;
  while (at < limit && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x3f) at++;
  return at;
}

/** SGR with parameter 8 (concealed text). `38;5;8` and `48;5;8` are colours. */
export function csiConceal(bytes: Uint8Array, span: Span): boolean {
  const end = parametersEnd(bytes, span.end);
  if (bytes[end] !== 0x6d) return false;
  if (!hasConcealParameter(bytes, span.end, end)) return false;
  span.end = end + 1;
  return true;
}

function hasConcealParameter(bytes: Uint8Array, first: number, end: number): boolean {
  // Parameters of a colour (`38;5;n`, `48;2;r;g;b`) that are still to come and mean no attribute.
  let colour = 0;
  let previous = -1;
  let value = 0;
  for (let at = first; at <= end; at++) {
    const byte = bytes[at] as number;
    if (at < end && isDigit(byte)) {
      value = Math.min(value * 10 + byte - 0x30, 999);
      continue;
    }
    if (colour > 0) colour--;
    else if (previous === 38 || previous === 48) colour = value === 2 ? 3 : 1;
    else if (value === 8) return true;
    previous = value;
    value = 0;
  }
  return false;
}

/** Requests that make the terminal type an answer into the input: device status, attributes, window title. */
export function csiReport(bytes: Uint8Array, span: Span): boolean {
  const end = parametersEnd(bytes, span.end);
  const final = bytes[end];
  if (final === 0x6e || final === 0x63) span.end = end + 1;
  else if (final === 0x74 && isDigit(bytes[end - 1])) span.end = end + 1;
  else return false;
  return true;
}

/** Commands that ordinary programs give: titles (0, 1, 2), the directory (7), links (8), prompt marks (133). */
const ORDINARY_OSC = ["0;", "1;", "2;", "7;", "8;", "133;"];
/** Longest control string looked through for its end, in bytes; a terminal waits for it for ever. */
const CONTROL_STRING_MAX = 4096;

/** A control string (OSC, DCS, APC, PM, SOS): the terminal swallows everything up to its end. */
export function controlString(bytes: Uint8Array, span: Span): boolean {
  const isEscape = bytes[span.start] === ESC;
  const isOsc = isEscape ? bytes[span.start + 1] === 0x5d : bytes[span.start + 1] === 0x9d;
  if (isOsc && !isDigit(bytes[span.end])) return false;
  if (isOsc && ORDINARY_OSC.some((command) => startsWith(bytes, span.end, command))) return false;
  // Texts in a wrong character set are full of the one-byte forms, and binary data of both; nobody ends those.
  return swallowsText(bytes, span.end, isEscape);
}

/**
 * Whether ST or BEL comes before any other control, or no control for as long as is looked. Strings that begin one in another
 * are so read once altogether.
 */
function swallowsText(bytes: Uint8Array, first: number, mayStayOpen: boolean): boolean {
  const limit = Math.min(bytes.length, first + CONTROL_STRING_MAX);
  for (let at = first; at < limit; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x07) return true;
    if (byte === 0xc2 && ((bytes[at + 1] ?? 0) & 0xe0) === 0x80) return bytes[at + 1] === 0x9c;
    if (byte === ESC) return bytes[at + 1] === BACKSLASH;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
    // What a decoder puts for bytes that are no text (U+FFFD).
    if (byte === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return false;
  }
  return mayStayOpen;
}

/** OSC 8 with a target: text that shows one thing and opens another. */
export function hyperlink(bytes: Uint8Array, span: Span): boolean {
  return startsWith(bytes, span.end, "8;");
}
