import { type ByteString, toByteString } from "./byte-string.ts";

/**
 * Names of files by pattern, as `exclude` has them: `*` and `?` are parts of a name, `**` any number of names. One that begins
 * with `/` begins at the top, others anywhere. What lies below a path that fits is covered as well, so that `.aws/**` is `.aws`.
 * Bytes are compared as they are, in their case.
 */
export class PathGlobs {
  readonly patterns: readonly string[];
  readonly #expression: RegExp | undefined;

  constructor(patterns: readonly string[]) {
    this.patterns = patterns;
    const fromTop = patterns
      .filter((one) => one.startsWith("/"))
      .map(toExpression)
      .filter(Boolean);
    const anywhere = patterns
      .filter((one) => !one.startsWith("/"))
      .map(toExpression)
      .filter(Boolean);
    const ways = [
      ...(fromTop.length > 0 ? [`(?:${fromTop.join("|")})`] : []),
      ...(anywhere.length > 0 ? [`(?:[^/]+/)*(?:${anywhere.join("|")})`] : []),
    ];
    this.#expression = ways.length === 0 ? undefined : new RegExp(`^(?:${ways.join("|")})(?:/|$)`, "s");
  }

  /** `path` is relative to the top, without a slash before it. */
  covers(path: ByteString): boolean {
    return this.#expression?.test(path) === true;
  }
}

/** Of its names; "" for a pattern that has none. */
function toExpression(pattern: string): string {
  const names = toByteString(pattern)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  while (names.at(-1) === "**" && names.length > 1) names.pop();
  const parts = names.map((name, i) => {
    const isLast = i === names.length - 1;
    if (name === "**") return isLast ? "[^/]+" : "(?:[^/]+/)*";
    return toNameExpression(name) + (isLast ? "" : "/");
  });
  return parts.join("");
}

function toNameExpression(name: string): string {
  return name
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, "[^/]*")
    .replaceAll("?", "[^/]");
}
