import { CONFIG_DEPTH_MAX, CONFIG_VALUES_MAX } from "../limits.ts";
import { type Problem, problemAt } from "./problem.ts";

/**
 * A copy of a configuration as plain JSON data, so that later changes to the original cannot matter, and the places where it
 * is none. `__proto__` is refused as a member: zod would drop it silently, and what its owner wrote would not hold.
 */
export function copyPlainData(value: unknown): { readonly copy: unknown; readonly problems: readonly Problem[] } {
  const copier = new Copier();
  const copy = copier.copy(value, []);
  return { copy, problems: copier.problems };
}

class Copier {
  readonly problems: Problem[] = [];
  #values = 0;

  copy(value: unknown, path: readonly PropertyKey[]): unknown {
    this.#values++;
    // Told once; a count beyond that ends each further branch at its first value.
    if (this.#values === CONFIG_VALUES_MAX + 1) this.#problem(path, `is one of more than ${CONFIG_VALUES_MAX} values`);
    if (this.#values > CONFIG_VALUES_MAX) return undefined;
    if (typeof value === "string" && !value.isWellFormed())
      return this.#problem(path, "has a lone surrogate, which is no text");
    if (value === null || value === undefined || ["string", "number", "boolean"].includes(typeof value)) return value;
    if (typeof value !== "object") return this.#problem(path, `must be plain data, not a ${typeof value}`);
    if (path.length >= CONFIG_DEPTH_MAX) return this.#problem(path, "is nested too deeply, or holds itself");
    if (Array.isArray(value)) return this.#array(value, path);
    return this.#object(value, path);
  }

  #array(items: readonly unknown[], path: readonly PropertyKey[]): unknown {
    if (items.length > CONFIG_VALUES_MAX) return this.#problem(path, `has more than ${CONFIG_VALUES_MAX} values`);
    return Array.from(items, (item, index) => this.copy(item, [...path, index]));
  }

  #object(value: object, path: readonly PropertyKey[]): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    // An object of another realm, or an imported module's namespace, has another or no prototype.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return this.#problem(path, "must be plain data, not an instance of a class");
    const copy: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      if (key === "__proto__" || !key.isWellFormed())
        this.#problem([...path, key.toWellFormed()], "cannot be used as a name");
      else if (member !== undefined) copy[key] = this.copy(member, [...path, key]);
    }
    return copy;
  }

  #problem(path: readonly PropertyKey[], message: string): undefined {
    this.problems.push(problemAt(path, message));
  }
}
