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
  let [depth, containers, commas] = [0, 0, 0];
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at + 1);
        break;
      case COMMA:
        commas++;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        containers++;
        depth++;
        if (depth > limits.depth) malformed("its JSON part is too deep");
        if (containers > limits.containers) malformed("its JSON part holds too many objects");
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
    }
    if (commas + containers > limits.values) malformed("its JSON part holds too many values");
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
