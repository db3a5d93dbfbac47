import { ESC, isDigit } from "./bytes.ts";
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
  const parameters = String.fromCharCode(...bytes.subarray(span.end, end)).split(";");
  const eight = parameters.findIndex((parameter) => parameter === "8" || parameter === "08");
  if (eight < 0 || parameters.slice(Math.max(0, eight - 4), eight).some((p) => p === "38" || p === "48")) return false;
  span.end = end + 1;
  return true;
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

/** A control string (OSC, DCS, APC, PM, SOS): the terminal swallows everything up to its end. */
export function controlString(bytes: Uint8Array, span: Span): boolean {
  // Setting the window's title (0, 1, 2) is what ordinary programs do.
  const introducer = bytes[span.start] === ESC ? bytes[span.start + 1] : 0x5d;
  const command = bytes[span.end];
  const isTitle = introducer === 0x5d && bytes[span.end + 1] === 0x3b && command !== undefined && command <= 0x32;
  return !(isTitle && command >= 0x30);
}

/** OSC 8 with a target: text that shows one thing and opens another. */
export function hyperlink(bytes: Uint8Array, span: Span): boolean {
  return bytes[span.end] === 0x38 && bytes[span.end + 1] === 0x3b;
}
