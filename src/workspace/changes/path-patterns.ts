import type { ProtectedPath } from "./protected-paths.ts";

/** What a pattern has to say of a path: the path lies in what it protects, or is a directory on the way there. */
export interface Match {
  readonly pattern: ProtectedPath;
  readonly isLeading: boolean;
}

type Name = string | RegExp | typeof ANY_NAMES;

interface Parsed {
  readonly pattern: ProtectedPath;
  readonly names: readonly Name[];
}

const ANY_NAMES = Symbol("**");

/** First names that have been looked for and are remembered; as many as a project has. */
const FIRST_NAMES_MAX = 20_000;

/** Characters of a beginning or end with `*` that patterns are sorted by; `*.mk` and `.env.*` have three and more. */
const KEY_UNITS = 3;

/** Many patterns, found by their first names: a path is held against the few that it can fit, not against hundreds. */
export class PathPatterns {
  readonly #byKey = new Map<string, Parsed[]>();
  readonly #candidates = new Map<string, readonly Parsed[]>();

  constructor(patterns: readonly ProtectedPath[]) {
    for (const pattern of patterns) {
      const names = parse(pattern.pattern);
      if (names.length > 0) this.#add(keyOf(pattern.pattern), { pattern, names });
    }
  }

  /** `names` are a path's, folded. */
  find(names: readonly string[]): Match[] {
    const matches: Match[] = [];
    for (const [start, name] of names.entries()) {
      for (const parsed of this.#startingWith(name)) {
        const fit = fitOf(parsed.names, 1, names, start + 1);
        if (fit === undefined || (parsed.pattern.isFile && fit.rest > 0)) continue;
        matches.push({ pattern: parsed.pattern, isLeading: fit.isLeading });
      }
    }
    return matches;
  }

  #add(key: string, parsed: Parsed): void {
    const same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, [parsed]);
    else same.push(parsed);
  }

  #startingWith(name: string): readonly Parsed[] {
    let found = this.#candidates.get(name);
    if (found === undefined) {
      const keys = [`${name.slice(0, KEY_UNITS)}*`, `*${name.slice(-KEY_UNITS)}`, "*"];
      found = [name, ...keys]
        .flatMap((key) => this.#byKey.get(key) ?? [])
        .filter(({ names: [first] }) => {
          return first !== undefined && fits(first, name);
        });
      if (this.#candidates.size >= FIRST_NAMES_MAX) this.#candidates.clear();
      this.#candidates.set(name, found);
    }
    return found;
  }
}

/** What the first name of a pattern is looked up by: itself, or else its beginning or end, where these say something. */
function keyOf(pattern: string): string {
  const name = namesOf(pattern)[0] ?? "";
  const [beginning = "", ...others] = name.split("*");
  const end = others.at(-1);
  if (end === undefined) return name;
  if (beginning.length >= KEY_UNITS) return `${beginning.slice(0, KEY_UNITS)}*`;
  return end.length >= KEY_UNITS ? `*${end.slice(-KEY_UNITS)}` : "*";
}

interface Fit {
  readonly isLeading: boolean;
  /** Names of the path below what the pattern names. */
  readonly rest: number;
}

function fitOf(pattern: readonly Name[], i: number, path: readonly string[], j: number): Fit | undefined {
  const name = pattern[i];
  if (name === undefined) return { isLeading: false, rest: path.length - j };
  if (j === path.length) return { isLeading: true, rest: 0 };
  if (name !== ANY_NAMES) return fits(name, path[j] as string) ? fitOf(pattern, i + 1, path, j + 1) : undefined;
  let leading: Fit | undefined;
  for (let next = j; next <= path.length; next++) {
    const fit = fitOf(pattern, i + 1, path, next);
    if (fit?.isLeading === false) return fit;
    leading ??= fit;
  }
  return leading;
}

function fits(pattern: Name, name: string): boolean {
  if (pattern === ANY_NAMES) return true;
  return typeof pattern === "string" ? pattern === name : pattern.test(name);
}

function parse(pattern: string): Name[] {
  return namesOf(pattern).map((name) => (name === "**" ? ANY_NAMES : parseName(name)));
}

/** Patterns begin anywhere: a `**` at the beginning says no more, and neither does one at the end. */
function namesOf(pattern: string): string[] {
  const names = pattern
    .toLowerCase()
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  while (names[0] === "**") names.shift();
  while (names.at(-1) === "**") names.pop();
  return names;
}

function parseName(name: string): string | RegExp {
  if (!name.includes("*")) return name;
  return new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*")}$`, "s");
}
