import { malformed } from "./frames.ts";

/**
 * How much a JSON text may make its reader allocate. A megabyte of `[[],[],…]` becomes thirty of objects, and one of `[[[[…`
 * as deep a structure, so what comes from a cell is counted before it is parsed.
 */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Objects and arrays. */
  readonly containers: number;
  /** Members and elements. */
  readonly values: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Throws ZtlError `frame-malformed` when the text holds more than that. Whether it is JSON at all is the parser's to say. */
export function checkJsonSize(json: Uint8Array, limits: JsonLimits): void {
  new JsonSize(json, limits).scan(json.length);
}

/** What stands where in an object's own lists: a list begins, has a comma between two items, or is over. */
type Seen = (what: "list" | "comma" | "end", at: number) => void;

/** The same piece by piece, telling on the way of the lists that are members of the text's object. */
export class JsonSize {
  readonly #json: Uint8Array;
  readonly #limits: JsonLimits;
  #at = 0;
  #depth = 0;
  #containers = 0;
  #commas = 0;
  /** Whether what is open at the second level is a list. */
  #isList = false;

  constructor(json: Uint8Array, limits: JsonLimits) {
    this.#json = json;
    this.#limits = limits;
  }

  get isDone(): boolean {
    return this.#at >= this.#json.length;
  }

  /** Up to there; a string that begins before is read to its end. */
  scan(until: number, seen?: Seen): void {
    const json = this.#json;
    const { values } = this.#limits;
    const end = Math.min(until, json.length);
    let at = this.#at;
    for (; at < end; at++) {
      switch (json[at]) {
        case QUOTE:
          at = endOfString(json, at + 1);
          break;
        case COMMA:
          this.#commas++;
          if (this.#depth === 2 && this.#isList) seen?.("comma", at);
          break;
        case OPEN_ARRAY:
        case OPEN_OBJECT:
          this.#open();
          if (this.#depth !== 2) break;
          this.#isList = json[at] === OPEN_ARRAY;
          if (this.#isList) seen?.("list", at);
          break;
        case CLOSE_ARRAY:
        case CLOSE_OBJECT:
          if (this.#depth === 2 && this.#isList) this.#close(at, seen);
          this.#depth--;
          break;
      }
      if (this.#commas + this.#containers > values) malformed("its JSON part holds too many values");
    }
    this.#at = at;
  }

  #open(): void {
    if (++this.#depth > this.#limits.depth) malformed("its JSON part is too deep");
    if (++this.#containers > this.#limits.containers) malformed("its JSON part holds too many objects");
  }

  #close(at: number, seen: Seen | undefined): void {
    this.#isList = false;
    if (this.#json[at] !== CLOSE_ARRAY) malformed("the JSON part does not parse");
    seen?.("end", at);
  }
}

/** Position of the quote that ends a string whose first character is at `from`. */
function endOfString(json: Uint8Array, from: number): number {
  for (let at = json.indexOf(QUOTE, from); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (at - 1 - slashes >= from && json[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return json.length;
}
