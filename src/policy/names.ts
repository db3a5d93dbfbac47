import { NAME_LENGTH_MAX } from "./limits.ts";

/**
 * Names of agents, roles, tools and taint sources. They stand in reasons that a model reads, so they are too plain to carry
 * a message. `__proto__` is no name: JavaScript objects cannot hold it as an ordinary member.
 */
const PLAIN = `(?!__proto__)[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,${NAME_LENGTH_MAX - 1}}`;
export const NAME = new RegExp(`^${PLAIN}$`);
/** A name, the beginning of names with `*` after it, or `*` for all. */
export const NAME_PATTERN = new RegExp(`^(?:${PLAIN})?\\*$|^${PLAIN}$`);

/** A list of names and `prefix*` patterns, asked whether it has a name. */
export class NameList {
  readonly #names = new Set<string>();
  readonly #prefixes: string[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (pattern.endsWith("*")) this.#prefixes.push(pattern.slice(0, -1));
      else this.#names.add(pattern);
    }
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.#prefixes.some((prefix) => name.startsWith(prefix));
  }
}
