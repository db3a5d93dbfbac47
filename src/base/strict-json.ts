import { ZtlError } from "../errors.ts";
import type { Json, JsonLimits } from "./json.ts";

export interface StrictJsonOptions extends JsonLimits {
  /**
   * Whether strings may have lone surrogates. They have no UTF-8, so that nothing made of them can be hashed or stored without
   * loss. Default `refuse`; `allow` is for text that is only shown.
   */
  readonly loneSurrogates?: "refuse" | "allow";
}

/**
 * Reads JSON (RFC 8259) that was stored, or comes from outside, so that it means one thing only. `JSON.parse` decides what
 * is JSON. What it lets pass is refused here: a name that stands twice in an object (the last one wins here and the first one
 * elsewhere: RFC 7493 section 2.3), bytes that are not UTF-8, lone surrogates, numbers beyond a double (`1e999` would become
 * Infinity, which JSON cannot write), more depth or bytes than the limits say.
 *
 * A member named `__proto__` is a member like any other, as in `JSON.parse`. Copy such objects by spreading them, not by
 * assignment.
 *
 * Throws ZtlError `json-malformed`, `json-duplicate-name`, `json-unsupported`, `json-too-deep` or `json-too-large`.
 */
export function parseJson(source: string | Uint8Array, options: StrictJsonOptions): Json {
  const { bytesMax, depthMax, loneSurrogates = "refuse" } = options;
  // A text has at least as many bytes as UTF-16 units, so that an absurd one is refused before it is measured.
  if (source.length > bytesMax || Buffer.byteLength(source) > bytesMax) {
    throw new ZtlError("json-too-large", `JSON may take ${bytesMax} bytes here; found more`, { bytesMax });
  }
  const text = typeof source === "string" ? source : decode(source);
  const { members, depth } = measure(text);
  if (depth > depthMax)
    throw new ZtlError("json-too-deep", `JSON may nest ${depthMax} levels here; found more`, { depthMax });
  const value = parse(text);
  // Of names that stand twice only one is left in the value.
  if (members !== memberCount(value)) throw duplicateName(text);
  if (loneSurrogates === "refuse" && !isWellFormed(value)) {
    throw new ZtlError("json-unsupported", "Expected JSON whose strings are Unicode text; found a lone surrogate");
  }
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ZtlError("json-malformed", "Expected JSON; found bytes that are not UTF-8", {}, { cause: error });
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new ZtlError(
      "json-malformed",
      `Expected JSON; ${(error as Error).message}`.toWellFormed(),
      {},
      { cause: error },
    );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;

/** Where the string that begins before `start` ends, its closing quote; the text's end when it does not. */
export function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (quote - backslashes > start && text.charCodeAt(quote - backslashes - 1) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** How many names of members a JSON text has, and how deep it nests: each colon outside a string belongs to one name. */
function measure(text: string): { readonly members: number; readonly depth: number } {
  let members = 0;
  let deepest = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at + 1);
    else if (unit === COLON) members++;
    else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) deepest = Math.max(deepest, ++depth);
    else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) depth--;
  }
  return { members, depth: deepest };
}

function memberCount(value: Json): number {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new ZtlError("json-unsupported", "Expected JSON whose numbers are finite; found one beyond all doubles");
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const member of inner) count += memberCount(member);
  return count;
}

function isWellFormed(value: Json): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member as Json));
}

/** Says which name it is. Slower than `measure`, and only called for a text that is refused. */
function duplicateName(text: string): ZtlError {
  // One set of names for each level that is open; those of arrays stay empty.
  const open: Set<string>[] = [];
  let lastString = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const end = endOfString(text, at + 1);
      lastString = text.slice(at, end + 1);
      at = end;
    } else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) open.push(new Set());
    else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) open.pop();
    else if (unit === COLON) {
      const name = JSON.parse(lastString) as string;
      const names = open.at(-1) ?? new Set();
      if (names.has(name)) return refusal(name);
      names.add(name);
    }
  }
  return refusal("");
}

function refusal(name: string): ZtlError {
  const shown = JSON.stringify(name.slice(0, 100).toWellFormed());
  return new ZtlError("json-duplicate-name", `Expected each name once in an object; found ${shown} twice`, { name });
}
