import { z } from "zod";
import type { Json } from "../../base/json.ts";
import { sha256Hex } from "../../base/sha256.ts";

/** Pieces that the bodies of entries are made of. */

/** Text as it can be hashed and shown: lone surrogates are no text (RFC 7493 section 2.1). */
export const text = z.string().refine((value) => value.isWellFormed(), "must not contain a lone surrogate");
export const name = text.min(1).max(1024);
export const sha256Text = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hexadecimal");
export const count = z.number().int().nonnegative();
export const base64 = z.base64();

/** RFC 3339 in UTC with milliseconds, as `Date.toISOString` writes it: such texts sort by time. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "must be a UTC time such as 2026-01-31T12:00:00.000Z")
  .refine((value) => !Number.isNaN(Date.parse(value)), "must be a real time");

/**
 * Any JSON. Only its kind is checked here: `canonicalise` walks it with bounds, and a schema that copied it would drop members
 * named `__proto__`, so that the record would differ from what happened.
 */
export const json = z.custom<Json>((value) => value !== undefined && typeof value !== "function");

/** Room for more in each body. */
export const details = { details: json.optional() };

/** Where content is: inside the entry as `base64` when it is small, else a blob under its hash. */
export const content = z
  .strictObject({ sha256: sha256Text, sizeBytes: count, base64: base64.optional() })
  .refine(holdsWhatItSays, "inline content must have the size and the hash it states");

export type Content = z.infer<typeof content>;

function holdsWhatItSays(value: { sha256: string; sizeBytes: number; base64?: string | undefined }): boolean {
  if (value.base64 === undefined) return true;
  const bytes = Buffer.from(value.base64, "base64");
  return bytes.length === value.sizeBytes && sha256Hex(bytes) === value.sha256;
}

/** Content that is held by its own description. */
export function inlineContent(bytes: Uint8Array): Content & { readonly base64: string } {
  const copy = Buffer.from(bytes);
  return { sha256: sha256Hex(copy), sizeBytes: copy.length, base64: copy.toString("base64") };
}
