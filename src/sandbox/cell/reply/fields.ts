import type { ByteString } from "../../../base/byte-string.ts";
import { ZtlError } from "../../../errors.ts";

/*
 * Reading what a cell says. It is parsed JSON of any shape; each function returns what is expected there or ends with
 * ZtlError `cell-misbehaved`. By hand and not with a schema library: a warm call takes less than a millisecond.
 */

export type Fields = Readonly<Record<string, unknown>>;

/** The cell said something that no cell of ours says. */
export function misbehaved(what: string): never {
  throw new ZtlError("cell-misbehaved", `A cell answered with what cannot be: ${what}`);
}

/** An object with no other members than these. */
export function fieldsOf(value: unknown, names: ReadonlySet<string>, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) misbehaved(`${what} is not an object`);
  for (const name of Object.keys(value)) if (!names.has(name)) misbehaved(`${what} has an unknown member`);
  return value as Fields;
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? value : misbehaved(`${what} is not a list`);
}

/** A whole number from 0 to `max`. */
export function wholeOf(value: unknown, max: number, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max)
    misbehaved(`${what} is not a whole number up to ${max}`);
  return value;
}

/** A duration or an instant, fractions included. */
export function numberOf(value: unknown, max: number, what: string): number {
  if (typeof value !== "number" || !(value >= 0 && value <= max)) misbehaved(`${what} is not a number up to ${max}`);
  return value;
}

export function textOf(value: unknown, unitsMax: number, what: string): string {
  if (typeof value !== "string" || value.length > unitsMax) misbehaved(`${what} is not a text up to ${unitsMax} units`);
  return value;
}

export function oneOf<T extends string>(value: unknown, allowed: ReadonlySet<T>, what: string): T {
  if (typeof value !== "string" || !allowed.has(value as T)) misbehaved(`${what} is none of those there are`);
  return value as T;
}

/** A mark that is either there or not. */
export function markOf(value: unknown, what: string): true {
  return value === true ? true : misbehaved(`${what} is not true`);
}

export function booleanOf(value: unknown, what: string): boolean {
  return typeof value === "boolean" ? value : misbehaved(`${what} is neither true nor false`);
}

const NANOSECONDS = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** A time as the kernel has it, 64 bits of nanoseconds since 1970, in decimal digits. */
export function nanosecondsOf(value: unknown, what: string): string {
  const isTime = typeof value === "string" && NANOSECONDS.test(value);
  return isTime && BigInt.asIntN(64, BigInt(value)) === BigInt(value) ? value : misbehaved(`${what} is no time`);
}

const SHA256 = /^[0-9a-f]{64}$/;

export function sha256Of(value: unknown, what: string): string {
  return typeof value === "string" && SHA256.test(value) ? value : misbehaved(`${what} is not a SHA-256`);
}

/** PATH_MAX with its null, linux/limits.h; names are at most NAME_MAX of it. */
const PATH_BYTES_MAX = 4096;
/** One character per byte, as the personality holds names; absolute, and each name a plain one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: names may hold all bytes but null.
const PATH = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[\x01-\x2e\x30-\xff]{1,255})+)$/;

/** An absolute, normalised path of the guest, as a byte string. */
export function pathOf(value: unknown, what: string): ByteString {
  if (typeof value !== "string" || value.length > PATH_BYTES_MAX || !PATH.test(value))
    misbehaved(`${what} is not an absolute, normalised path`);
  return value as ByteString;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const TARGET = /^[\x01-\xff]+$/;

/** What a symbolic link holds: any bytes but null. */
export function targetOf(value: unknown, what: string): ByteString {
  if (typeof value !== "string" || value.length >= PATH_BYTES_MAX || !TARGET.test(value))
    misbehaved(`${what} is not what a link can hold`);
  return value as ByteString;
}
