import { isJsonObject, type Json } from "../base/json.ts";

export interface PlainLimits {
  /** Of all strings and keys together, as UTF-8, and two for every value. */
  readonly bytesMax: number;
  readonly depthMax: number;
}

/** Keys by which an object that is merged into another one changes what all objects inherit. */
const POISONOUS_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A frozen copy of plain data, `undefined` for anything else: functions, class instances, numbers JSON does not have, lone
 * surrogates (they have no UTF-8, so a hash could not tell them apart), poisonous keys, too much of it.
 *
 * Whoever hands us an object may hand us a getter or a proxy that answers differently the next time. Each property is read
 * once, here, and everything after works on the copy; `toJSON` is never asked.
 */
export function plainCopy(value: unknown, limits: PlainLimits): Json | undefined {
  try {
    return new Copier(limits).copy(value, 0);
  } catch {
    // Either ours, or thrown by a getter of the caller's: it is not plain data.
    return undefined;
  }
}

/** The copy when it is an object, not an array. */
export function plainRecord(value: unknown, limits: PlainLimits): { readonly [key: string]: Json } | undefined {
  const copy = plainCopy(value, limits);
  return isJsonObject(copy) ? copy : undefined;
}

class NotPlain extends Error {}

class Copier {
  #bytesLeft: number;
  readonly #depthMax: number;

  constructor({ bytesMax, depthMax }: PlainLimits) {
    this.#bytesLeft = bytesMax;
    this.#depthMax = depthMax;
  }

  copy(value: unknown, depth: number): Json {
    this.#spend(2);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return this.#string(value);
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value !== "object" || depth >= this.#depthMax) throw new NotPlain();
    return Array.isArray(value) ? this.#array(value, depth) : this.#record(value, depth);
  }

  #array(items: readonly unknown[], depth: number): Json {
    const copy: Json[] = [];
    const { length } = items;
    for (let index = 0; index < length; index++) copy.push(this.copy(items[index], depth + 1));
    return Object.freeze(copy);
  }

  #record(members: object, depth: number): Json {
    const prototype: unknown = Object.getPrototypeOf(members);
    if (prototype !== Object.prototype && prototype !== null) throw new NotPlain();
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(members)) {
      if (POISONOUS_KEYS.has(key)) throw new NotPlain();
      const member = (members as Record<string, unknown>)[key];
      // As in JSON: a member without a value is none.
      if (member !== undefined) copy[this.#string(key)] = this.copy(member, depth + 1);
    }
    return Object.freeze(copy);
  }

  #string(text: string): string {
    // No text is longer in UTF-16 units than in bytes, so a huge one is refused before it is measured.
    if (text.length > this.#bytesLeft || !text.isWellFormed()) throw new NotPlain();
    this.#spend(Buffer.byteLength(text));
    return text;
  }

  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) throw new NotPlain();
  }
}
