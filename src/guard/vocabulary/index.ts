import type { TokenFamily, TokenRole } from "./entry.ts";
import { FAMILIES_WITH_BARS } from "./families-bars.ts";
import { FAMILIES_WITH_BRACKETS } from "./families-brackets.ts";

/** Every family of models whose tokens this package knows by name. */
export const TOKEN_FAMILIES: readonly TokenFamily[] = [...FAMILIES_WITH_BARS, ...FAMILIES_WITH_BRACKETS];

export type { TokenFamily, TokenRole } from "./entry.ts";

/** The tokens of these roles, of all families, each once. */
export function tokensOf(families: readonly TokenFamily[], ...roles: readonly TokenRole[]): string[] {
  return [...new Set(families.flatMap(({ tokens }) => roles.flatMap((role) => tokens[role] ?? [])))];
}

/** The families that have a token which stands in this text, for a person who wants to know where it comes from. */
export function familiesIn(text: string): readonly TokenFamily[] {
  return TOKEN_FAMILIES.filter(({ tokens }) =>
    Object.values(tokens).some((texts) => texts.some((token) => text.includes(token))),
  );
}
