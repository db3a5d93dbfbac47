import { ZtlError } from "../errors.ts";
import type { Json } from "./json.ts";
import { parseJson, type StrictJsonOptions } from "./strict-json.ts";

/** What a schema says of a value; those of zod fit, and whoever does without zod writes one. */
export interface Shape {
  safeParse(value: unknown): { readonly success: boolean; readonly error?: ShapeProblems | undefined };
}

interface ShapeProblems {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** One kind of JSON that this package stores, or is handed in a file. */
export interface StoredFormat {
  /** As the beginning of a sentence, such as `The plan of a sync`. */
  readonly what: string;
  readonly limits: StrictJsonOptions;
  readonly shape: Shape;
  /** Of the ZtlError for what is damaged. */
  readonly code: string;
  /** What to do then. Nothing is changed or removed by reading. */
  readonly remedy: string;
}

/**
 * Reads what was stored. It may have been cut off, edited, or put there by somebody else: it is strict JSON of the expected
 * shape, or a ZtlError with the format's `code` says what is wrong and what to do. The value is what was read and not a
 * schema's copy of it, so that no member is dropped, `__proto__` included. The shape must be that of `T`.
 */
export function parseStored<T>(source: string | Uint8Array, format: StoredFormat): T {
  let value: Json;
  try {
    value = parseJson(source, format.limits);
  } catch (error) {
    throw damaged(format, (error as Error).message, error);
  }
  const { success, error } = format.shape.safeParse(value);
  if (success) return value as T;
  const problems = (error?.issues ?? [])
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  throw damaged(format, problems.join("; ") || "it has another shape", error);
}

export type DamageFormat = Pick<StoredFormat, "what" | "code" | "remedy">;

/** For what has the shape, and still cannot be. */
export function damaged({ what, code, remedy }: DamageFormat, reason: string, cause?: unknown): ZtlError {
  const shown = reason.slice(0, 500).toWellFormed();
  return new ZtlError(code, `${what} cannot be read: ${shown}. ${remedy}`, { reason: shown, remedy }, { cause });
}

/** A shape in the words of a room that has no zod: undefined when it fits, else what is wrong. */
export function shapeOf(problemOf: (value: Json) => string | undefined): Shape {
  return {
    safeParse(value) {
      const message = problemOf(value as Json);
      return message === undefined ? { success: true } : { success: false, error: { issues: [{ path: [], message }] } };
    },
  };
}
