import { atLeast } from "./finding.ts";
import type { Rule } from "./rule.ts";
import { FOUND_IN, ORDINARY_FILES } from "./rules/ordinary-rates.ts";

/** How often a rule withholds what is ordinary, as it was measured when the rules were made. */
export interface OrdinaryRate {
  /** In so many files it found something … */
  readonly found: number;
  /** … of so many that were looked at. */
  readonly files: number;
}

/** Whether a rule withholds anything by itself, and so has to be measured. */
export function isRated({ severity, decodedSeverity = "info" }: Pick<Rule, "severity" | "decodedSeverity">): boolean {
  return atLeast(severity, "medium") || atLeast(decodedSeverity, "medium");
}

/** Undefined for rules that withhold nothing, and those of files of one's own, which nobody measured. */
export function ordinaryRateOf(rule: string): OrdinaryRate | undefined {
  if (!Object.hasOwn(FOUND_IN, rule)) return undefined;
  return { found: FOUND_IN[rule] as number, files: ORDINARY_FILES };
}
