import { DEFAULT_POLICY, type Finding, type RuleSet, scan } from "../guard/index.ts";
import { findingOf, type OnFinding, type ProxyFinding } from "./prompts.ts";
import { RefusedError } from "./refusal.ts";
import type { ToolCall } from "./tool-calls.ts";

export interface StepGuardOptions {
  readonly onFinding: OnFinding;
  readonly rules?: RuleSet | undefined;
  readonly found: (finding: ProxyFinding) => void;
}

/** Looks at the tool calls of a step before its client sees any of them. */
export class StepGuard {
  readonly #options: StepGuardOptions;

  constructor(options: StepGuardOptions) {
    this.#options = options;
  }

  /** Throws RefusedError for a step that is not to be made. */
  check(calls: readonly ToolCall[]): void {
    const { onFinding, rules, found } = this.#options;
    const findings = calls.flatMap(({ name, input }) =>
      [name, input].flatMap((text) => (text === "" ? [] : scan(text, rules && { rules }).findings)).filter(isGrave),
    );
    if (findings.length === 0) return;
    const finding = findingOf({ findings }, "tool-call", onFinding === "block" ? "withheld" : "passed");
    found(finding);
    if (onFinding === "inform") return;
    const reasons = finding.reasons.slice(0, 3).join("; ");
    throw new RefusedError("tool_call_withheld", `The model's tool calls were withheld: one of them ${reasons}.`);
  }
}

/**
 * As of an agent's own words, what only flags is let through: arguments are data, and those of many honest tools look like messages and
 * calls. A secret that a model writes is one that it was given: those of tools it never saw.
 */
function isGrave({ family, severity }: Finding): boolean {
  return family === "limit" || (family !== "secret" && DEFAULT_POLICY[severity] === "block");
}
