import { isRecord } from "./record.ts";

/** A value that JSON can carry, as data: what `JSON.parse` returns. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** How much JSON is accepted. Whoever reads or writes it knows what is plausible there. */
export interface JsonLimits {
  /** Of the text as UTF-8. */
  readonly bytesMax: number;
  /** Levels of arrays and objects; what walks the value recurses. */
  readonly depthMax: number;
}

/** An object with members: neither null nor an array. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}

/** A JSON pointer (RFC 6901) to `key` below `parent`. */
export function pointer(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
