import type { Finding, GuardDecision, Severity, Verdict } from "./finding.ts";

/** What each severity means for the content. `flag` quarantines it until a person releases it. */
export type VerdictPolicy = Readonly<Record<Severity, GuardDecision>>;

export const DEFAULT_POLICY: VerdictPolicy = Object.freeze({
  info: "admit",
  low: "admit",
  medium: "flag",
  high: "flag",
  critical: "block",
});

const ORDER: readonly GuardDecision[] = ["admit", "flag", "block"];

function stricter(a: GuardDecision, b: GuardDecision): GuardDecision {
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
export function decide(findings: readonly Finding[], policy: VerdictPolicy): GuardDecision {
  return findings.reduce<GuardDecision>(
    (decision, finding) => stricter(decision, finding.family === "limit" ? "flag" : policy[finding.severity]),
    "admit",
  );
}

/** Whether a person may let a withheld content through: with one yes, with a second one that names what blocked it, or not at all. */
export type Release = "once" | "twice" | "never";

/** Families whose structures cannot be seen where they stand. */
const UNSEEN: ReadonlySet<Finding["family"]> = new Set(["unicode", "terminal"]);

/** The findings for which a content is blocked, or would be under the default policy. */
export function blockingFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ family, severity }) => family !== "limit" && DEFAULT_POLICY[severity] === "block");
}

/**
 * A structure that stands there plainly may be released: a developer reads her own prompts. One that is hidden or encoded may
 * not, for whoever looks at the text does not see what a model would read.
 */
export function releaseOf({ decision, findings }: Pick<Verdict, "decision" | "findings">): Release {
  if (decision !== "block") return "once";
  const blocking = blockingFindings(findings);
  const isPlain = blocking.every(({ path, family }) => path.length === 0 && !UNSEEN.has(family));
  return isPlain && blocking.length > 0 ? "twice" : "never";
}
