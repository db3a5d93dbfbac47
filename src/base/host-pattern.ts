/** Which host names are meant: one, or all below one, which itself is not among them. The name is in its one form: ASCII, lower case. */
export interface HostPattern {
  readonly kind: "exact" | "below";
  readonly name: string;
}

export function matchesHost({ kind, name }: HostPattern, host: string): boolean {
  return kind === "exact" ? host === name : host.endsWith(`.${name}`);
}

/** For lists of which each narrows the others: whether each has a pattern for it. Without lists no name is meant. */
export function isInAll(lists: readonly (readonly HostPattern[])[], host: string): boolean {
  return lists.length > 0 && lists.every((patterns) => patterns.some((pattern) => matchesHost(pattern, host)));
}
