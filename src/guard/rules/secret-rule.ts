import type { Pattern, Rule } from "../rule.ts";

export const secretRule = (name: string, what: string, patterns: readonly Pattern[]): Rule => ({
  id: `secret.${name}`,
  family: "secret",
  severity: "low",
  meaning: `${what}. Whoever reads it can use it, so a model gets it masked.`,
  reason: "contains a secret",
  patterns,
});
