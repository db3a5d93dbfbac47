import type { Decision, Finding, Severity } from "./finding.ts";

/** What each severity means for the content. `flag` quarantines it until a person releases it. */
export type VerdictPolicy = Readonly<Record<Severity, Decision>>;

export const DEFAULT_POLICY: VerdictPolicy = Object.freeze({
  info: "admit",
  low: "admit",
  medium: "flag",
  high: "flag",
  critical: "block",
});

const ORDER: readonly Decision[] = ["admit", "flag", "block"];

/** The stricter of two decisions: how a second scanner joins in without ever overruling the first. */
export function stricter(a: Decision, b: Decision): Decision {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** The guard's own limits always block, whatever the table says. */
export function decide(findings: readonly Finding[], policy: VerdictPolicy): Decision {
  return findings.reduce<Decision>(
    (decision, finding) => stricter(decision, finding.family === "limit" ? "block" : policy[finding.severity]),
    "admit",
  );
}
