/** What the policy says of a call or a message, and why. */
export interface Decision {
  readonly decision: "run" | "ask" | "refuse";
  /** The rule that decided, such as `default-deny`, `roles.reader.tools` or `rule-of-two`. */
  readonly rule: string;
  /** Short sentences of ours, safe for a model: the only names in them are the configuration's. */
  readonly reason: string;
  /** Every rule that was looked at, in order. */
  readonly considered: readonly Consideration[];
}

export interface Consideration {
  readonly rule: string;
  readonly outcome: "allows" | "asks" | "refuses" | "does-not-apply";
  readonly why: string;
}

/** From lax to strict. */
const OUTCOMES = [
  { outcome: "allows", decision: "run" },
  { outcome: "asks", decision: "ask" },
  { outcome: "refuses", decision: "refuse" },
] as const;

const NOTHING_ALLOWS: Consideration = { rule: "default-deny", outcome: "refuses", why: "No rule allows this." };

/** The strictest outcome wins; of several, the last is named and all give their reason. Without any, it is refused. */
export function conclude(considered: readonly Consideration[]): Decision {
  const strictest = OUTCOMES.findLast(({ outcome }) => considered.some((one) => one.outcome === outcome));
  if (strictest === undefined) return conclude([...considered, NOTHING_ALLOWS]);
  const deciding = considered.filter(({ outcome }) => outcome === strictest.outcome);
  const { decision } = strictest;
  const reasons = decision === "run" ? deciding.slice(-1) : deciding;
  return Object.freeze({
    decision,
    rule: (deciding.at(-1) as Consideration).rule,
    reason: reasons.map(({ why }) => why).join(" "),
    considered,
  });
}
