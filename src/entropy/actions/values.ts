import { isJsonObject, type Json } from "../../base/json.ts";
import { ENTROPY_LIMITS } from "../limits.ts";
import { wordsOf } from "./words.ts";

/** One value inside the arguments of a call. */
export interface ArgumentValue {
  /** The names on the way to it, without the places in arrays: the members of a list play one part. */
  readonly path: string;
  readonly text: string;
  readonly words: readonly string[];
}

/** Strings, numbers and yes/no inside arguments, in their order; what is deeper or further than the limits is left out. */
export function argumentValues(args: Json): ArgumentValue[] {
  const found: ArgumentValue[] = [];
  const visit = (value: Json, path: string, depth: number): void => {
    if (found.length >= ENTROPY_LIMITS.argumentValues || depth > ENTROPY_LIMITS.argumentDepth) return;
    if (Array.isArray(value)) for (const member of value) visit(member, path, depth + 1);
    else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value))
        visit(member, path === "" ? name : `${path}.${name}`, depth + 1);
    } else if (value !== null) {
      const text = String(value);
      const words = wordsOf(text);
      if (words.length > 0) found.push({ path, text, words });
    }
  };
  visit(args, "", 0);
  return found;
}

/** A short value names something: an address, a person, a file, an amount. A long one is prose. */
export function isTarget({ words }: ArgumentValue): boolean {
  return words.length <= ENTROPY_LIMITS.targetWords;
}
