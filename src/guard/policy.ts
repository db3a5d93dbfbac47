import type { Decision, Finding, Severity, Verdict } from "./finding.ts";

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

function stricter(a: Decision, b: Decision): Decision {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/**
 * The first verdict, about the text that would be admitted, with the other's findings and the stricter decision: how a second
 * look joins in without ever overruling the first. The other may be of another form of the same output.
 */
export function stricterVerdict(verdict: Verdict, other: Verdict): Verdict {
  if (other.decision === "admit") return verdict;
  return Object.freeze({
    ...verdict,
    decision: stricter(verdict.decision, other.decision),
    findings: Object.freeze([...verdict.findings, ...other.findings]),
    unlisted: verdict.unlisted + other.unlisted,
  });
}

/** The guard's own limits always flag, whatever the table says, and only that: what was not looked at is not guilty. */
export function decide(findings: readonly Finding[], policy: VerdictPolicy): Decision {
  return findings.reduce<Decision>(
    (decision, finding) => stricter(decision, finding.family === "limit" ? "flag" : policy[finding.severity]),
    "admit",
  );
}
