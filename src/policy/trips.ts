import type { BreakerConfig, BreakerRule, BreakerScope, Severity, TroubleKind } from "./config/breaker.ts";
import { NameList } from "./names.ts";

/** One sign of trouble, as far as rules of breakers look at it. */
export interface Trouble {
  readonly kind: TroubleKind;
  readonly agent: string;
  readonly tool: string;
  /** Of a finding. */
  readonly severity?: Severity | undefined;
}

/** A rule that applies to it. */
export interface Trip {
  /** Such as `breaker.trips[0]`. */
  readonly rule: string;
  readonly scope: BreakerScope;
  readonly count: number;
  readonly withinMs: number;
  readonly coolDownMs: number | undefined;
}

const SEVERITIES: readonly Severity[] = ["low", "medium", "high", "critical"];
const WITHIN_MS = 60_000;
/** Needs no rule: what was to stay inside was sent out, or a monitor was told to sever. */
const ALWAYS: readonly BreakerRule[] = [
  { on: "leak", scope: "conversation" },
  { on: "monitor", scope: "conversation" },
];

/** Which breakers a sign of trouble opens. */
export class TripsPolicy {
  readonly #rules: readonly ((trouble: Trouble) => Trip | undefined)[];

  constructor({ trips = [] }: BreakerConfig) {
    const own = trips.map((rule, index) => compile(rule, `breaker.trips[${index}]`));
    const others = ALWAYS.filter(({ on }) => !trips.some((rule) => rule.on === on));
    this.#rules = [...own, ...others.map((rule) => compile(rule, rule.on))];
  }

  for(trouble: Trouble): readonly Trip[] {
    return this.#rules.flatMap((rule) => rule(trouble) ?? []);
  }
}

function compile(rule: BreakerRule, name: string): (trouble: Trouble) => Trip | undefined {
  const { on, severity = "critical", scope, count = 1, withinMs = WITHIN_MS, coolDownMs } = rule;
  const agents = rule.agents && new NameList(rule.agents);
  const tools = rule.tools && new NameList(rule.tools);
  const trip: Trip = { rule: name, scope, count, withinMs, coolDownMs };
  return (trouble) => {
    const isGrave = on !== "finding" || SEVERITIES.indexOf(trouble.severity ?? "low") >= SEVERITIES.indexOf(severity);
    const applies =
      trouble.kind === on &&
      isGrave &&
      (agents === undefined || agents.has(trouble.agent)) &&
      (tools === undefined || tools.has(trouble.tool));
    return applies ? trip : undefined;
  };
}
