import { ZtlError } from "../errors.ts";
import { type JsonLimits, pointer } from "./json.ts";

/**
 * JSON Canonicalization Scheme, RFC 8785: one text for one value, so that a hash of it means the value. Members are sorted by
 * their UTF-16 units, numbers and strings are written as ECMAScript does (section 3.2.2), nothing is written between tokens.
 *
 * Only data is accepted: null, booleans, finite numbers, strings without lone surrogates (I-JSON, RFC 7493 section 2.1), arrays
 * and plain objects. A member whose value is `undefined` is left out, as by `JSON.stringify`.
 *
 * Throws ZtlError `json-unsupported` with the place as a JSON pointer, `json-too-deep` or `json-too-large`.
 */
export function canonicalise(value: unknown, limits: JsonLimits = DEFAULT_LIMITS): string {
  const writer = new CanonicalWriter(limits);
  writer.write(value);
  return writer.text;
}

/**
 * For small records: 1 MiB is a hundred times the size of a usual one, and 100 levels keep recursion far from the stack's end
 * (arguments of real tools have fewer than 20).
 */
const DEFAULT_LIMITS: JsonLimits = { bytesMax: 1024 * 1024, depthMax: 100 };

class CanonicalWriter {
  text = "";
  readonly #limits: JsonLimits;
  /** Names and indices on the way to the value being written: a pointer is made of them only when something is wrong. */
  readonly #path: (string | number)[] = [];
  #bytes = 0;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  write(value: unknown): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean" || value === null) this.#put(String(value));
    else if (typeof value !== "object") this.#unsupported(value === undefined ? "undefined" : `a ${typeof value}`);
    else if (this.#path.length >= this.#limits.depthMax) this.#tooDeep();
    else if (Array.isArray(value)) this.#array(value);
    else this.#object(value);
  }

  /** ECMAScript's Number::toString is what RFC 8785 asks for; it writes -0 as 0. */
  #number(value: number): void {
    if (!Number.isFinite(value)) this.#unsupported(`the number ${value}`);
    this.#put(String(value));
  }

  #array(items: readonly unknown[]): void {
    // Each item takes at least two bytes: an absurd length is refused before it is walked.
    if (items.length > this.#limits.bytesMax) this.#tooLarge();
    this.#put("[");
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.#put(",");
      this.#path.push(i);
      this.write(items[i]);
      this.#path.pop();
    }
    this.#put("]");
  }

  #object(members: object): void {
    const prototype: unknown = Object.getPrototypeOf(members);
    if (prototype !== Object.prototype && prototype !== null) this.#unsupported("an object that is not plain data");
    this.#put("{");
    let first = true;
    // The default order of sort() is that of UTF-16 units (RFC 8785 section 3.2.3).
    for (const key of Object.keys(members).sort()) {
      const value = (members as Record<string, unknown>)[key];
      if (value === undefined) continue;
      if (!first) this.#put(",");
      first = false;
      this.#path.push(key);
      this.#string(key);
      this.#put(":");
      this.write(value);
      this.#path.pop();
    }
    this.#put("}");
  }

  #string(value: string): void {
    if (value.length > this.#limits.bytesMax) this.#tooLarge();
    if (!value.isWellFormed())
      this.#unsupported("a string with a lone surrogate; use toWellFormed() or keep its bytes");
    const written = JSON.stringify(value);
    this.#put(written, Buffer.byteLength(written));
  }

  /** Everything but strings is ASCII: as many bytes as UTF-16 units. */
  #put(piece: string, bytes = piece.length): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytesMax) this.#tooLarge();
    this.text += piece;
  }

  #place(): string {
    return this.#path.reduce<string>((parent, key) => pointer(parent, key), "");
  }

  #unsupported(found: string): never {
    const place = this.#place();
    const where = place === "" ? "the value" : `the value at ${place.toWellFormed().slice(0, 200).toWellFormed()}`;
    throw new ZtlError("json-unsupported", `Expected plain JSON data; ${where} is or holds ${found}`, { place });
  }

  #tooDeep(): never {
    const { depthMax } = this.#limits;
    throw new ZtlError("json-too-deep", `JSON may nest ${depthMax} levels; found more`, {
      depthMax,
      place: this.#place(),
    });
  }

  #tooLarge(): never {
    throw new ZtlError(
      "json-too-large",
      `JSON may take ${this.#limits.bytesMax} bytes; found more. Keep large content as a blob and refer to it`,
      { bytesMax: this.#limits.bytesMax },
    );
  }
}
