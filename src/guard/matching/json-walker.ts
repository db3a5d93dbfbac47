import { QUOTE } from "./bytes.ts";
import { nextToken, type ObjectHit, type ObjectRules, stringEnd } from "./json-objects.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;

interface Frame {
  readonly start: number;
  readonly isObject: boolean;
  seen: number;
  /** The key whose value comes next, when a rule names it. */
  key: string | undefined;
}

/** Why the walk ended before the end of the text. */
export type WalkResult = "done" | "stopped" | "too-deep";

/**
 * Finds every JSON object in a text, at any depth, wherever it stands (lines, log entries, code fences), and says which
 * object rules it meets. An own walker and not JSON.parse, because the text around objects is not JSON, because
 * broken and cut-off objects count as well, and because nothing is allocated for values of no interest.
 * Each byte is read at most three times, whatever the input.
 */
export function walkJson(bytes: Uint8Array, rules: ObjectRules, depthMax: number, hit: ObjectHit): WalkResult {
  return new Walker(bytes, rules, depthMax, hit).run();
}

class Walker {
  readonly #bytes: Uint8Array;
  readonly #rules: ObjectRules;
  readonly #depthMax: number;
  readonly #hit: ObjectHit;
  readonly #stack: Frame[] = [];
  #result: WalkResult = "done";
  #at = 0;
  /** Start of the last string read. When the text after it is not JSON, reading goes on from inside it. */
  #lastString = -1;
  /** Once the last quote is passed, no further string can be closed. */
  readonly #lastQuote: number;

  constructor(bytes: Uint8Array, rules: ObjectRules, depthMax: number, hit: ObjectHit) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.#depthMax = depthMax;
    this.#hit = hit;
    this.#lastQuote = bytes.lastIndexOf(QUOTE);
  }

  run(): WalkResult {
    const bytes = this.#bytes;
    while (this.#at < bytes.length && this.#result === "done") {
      if (this.#stack.length > 0) {
        if (!this.#inside()) this.#abandon();
        continue;
      }
      const open = bytes.indexOf(OPEN_OBJECT, this.#at);
      if (open < 0) break;
      this.#at = open;
      // Braces of program text are not followed by a string.
      if (bytes[nextToken(bytes, open + 1)] === QUOTE) this.#push(OPEN_OBJECT);
      else this.#at = open + 1;
    }
    while (this.#stack.length > 0 && this.#result === "done") this.#pop();
    return this.#result;
  }

  /** Reads one token inside an object or array. False when the text is not JSON here. */
  #inside(): boolean {
    const bytes = this.#bytes;
    this.#at = nextToken(bytes, this.#at);
    const frame = this.#stack.at(-1) as Frame;
    switch (bytes[this.#at]) {
      case undefined:
        return true;
      case COMMA:
        this.#at++;
        return true;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#push(bytes[this.#at] as number);
        return true;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY: {
        const closes = (bytes[this.#at] === CLOSE_OBJECT) === frame.isObject;
        if (!closes) return false;
        this.#at++;
        this.#pop();
        return true;
      }
      case QUOTE:
        return this.#string(frame);
      default:
        return this.#scalar(frame);
    }
  }

  #string(frame: Frame): boolean {
    const bytes = this.#bytes;
    const first = this.#at + 1;
    const end = first > this.#lastQuote ? -1 : stringEnd(bytes, first);
    if (end < 0) return false;
    this.#lastString = first;
    this.#at = nextToken(bytes, end + 1);
    const next = bytes[this.#at];
    if (next === COLON && frame.isObject) {
      const text = this.#rules.known(bytes, first, end);
      frame.key = text !== undefined && this.#rules.isKey(text) ? text : undefined;
      this.#at++;
      return true;
    }
    if (frame.key !== undefined) this.#value(frame, "string", this.#rules.known(bytes, first, end));
    return next === COMMA || next === CLOSE_OBJECT || next === CLOSE_ARRAY || next === undefined;
  }

  /** A number, `true`, `false`, `null`: letters, digits and signs up to the next delimiter. */
  #scalar(frame: Frame): boolean {
    const start = this.#at;
    while (isScalarByte(this.#bytes[this.#at])) this.#at++;
    if (this.#at === start) return false;
    const first = this.#bytes[start] as number;
    if (frame.key !== undefined) this.#value(frame, first <= 0x39 ? "number" : "literal", undefined);
    return true;
  }

  #push(open: number): void {
    const parent = this.#stack.at(-1);
    if (parent?.key !== undefined) this.#value(parent, open === OPEN_OBJECT ? "object" : "array", undefined);
    if (this.#stack.length >= this.#depthMax) this.#result = "too-deep";
    this.#stack.push({ start: this.#at, isObject: open === OPEN_OBJECT, seen: 0, key: undefined });
    this.#at++;
  }

  #value(frame: Frame, kind: string, text: string | undefined): void {
    frame.seen |= this.#rules.bits(frame.key as string, kind, text);
    frame.key = undefined;
  }

  #pop(): void {
    const frame = this.#stack.pop() as Frame;
    if (frame.seen !== 0 && !this.#rules.match(frame.seen, frame.start, this.#at, this.#hit)) this.#result = "stopped";
  }

  /** What was read so far counts; then the search for objects goes on, from inside the last string if there was one. */
  #abandon(): void {
    while (this.#stack.length > 0 && this.#result === "done") this.#pop();
    this.#at = this.#lastString >= 0 ? this.#lastString : this.#at + 1;
    this.#lastString = -1;
  }
}

function isScalarByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x61 && byte <= 0x7a) ||
      (byte >= 0x41 && byte <= 0x5a) ||
      byte === 0x2b ||
      byte === 0x2d ||
      byte === 0x2e)
  );
}
