import { z } from "zod";
import { BREAKER_COOL_DOWN_MS, BREAKER_RULES_MAX, BREAKER_TROUBLES_MAX, BREAKER_WITHIN_MS_MAX } from "../limits.ts";
import { NAME_PATTERN } from "../names.ts";

/** What a breaker does, and what trips one by itself. As one writes it; a test compares it with the schema. */
export interface BreakerConfig {
  /** What an open breaker keeps from being made: every call, the default, or those of tools whose effect is outward. */
  readonly closes?: "everything" | "outward";
  readonly trips?: readonly BreakerRule[];
}

export type BreakerScope = "run" | "conversation" | "agent" | "global";

/**
 * Trouble that a rule can name: a finding of the guard that withholds a text; a call or message that the policy refuses; a secret's
 * placeholder or a canary sent where it does not belong; a budget or quota that is used up; an alarm of a monitor that severs.
 */
export type TroubleKind = "finding" | "violation" | "leak" | "quota" | "monitor";

export type Severity = "low" | "medium" | "high" | "critical";

/** Of all rules that apply each opens its breaker. */
export interface BreakerRule {
  readonly on: TroubleKind;
  /** Of a finding: this or a graver one. Default: critical. */
  readonly severity?: Severity;
  readonly agents?: readonly string[];
  readonly tools?: readonly string[];
  /** So much of it within `withinMs`. Default: 1. */
  readonly count?: number;
  /** Default: 60000. */
  readonly withinMs?: number;
  /** What is opened. */
  readonly scope: BreakerScope;
  /** After so long one call is let through, and closes the breaker if it ends well. Default: a reviewer closes it. */
  readonly coolDownMs?: number;
}

export const BREAKER_SCOPES = ["run", "conversation", "agent", "global"] as const;

const namePattern = z.string().regex(NAME_PATTERN, "must be a name, or the beginning of names with * after it");
const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);

const rule = z
  .strictObject({
    on: z
      .enum(["finding", "violation", "leak", "quota", "monitor"])
      .describe(
        "finding: the guard withholds a text for it. violation: the policy refuses a call or message. leak: a secret's placeholder or a canary is sent where it does not belong. quota: a budget is used up. monitor: a monitor's alarm that severs.",
      ),
    severity: z
      .enum(["low", "medium", "high", "critical"])
      .optional()
      .describe("Of a finding: this or a graver one. Default: critical."),
    agents: z.array(namePattern).optional().describe("Agents, by name or as prefix*. Default: all."),
    tools: z.array(namePattern).optional().describe("Tools, by name or as prefix*. Default: all."),
    count: whole(1, BREAKER_TROUBLES_MAX).optional().describe("So many of them within withinMs. Default: 1."),
    withinMs: whole(1, BREAKER_WITHIN_MS_MAX).optional().describe("In milliseconds. Default: 60000."),
    scope: z
      .enum(BREAKER_SCOPES)
      .describe("What is opened: the breaker of the run, of its conversation, of its agent, or the one of all."),
    coolDownMs: whole(BREAKER_COOL_DOWN_MS.min, BREAKER_COOL_DOWN_MS.max)
      .optional()
      .describe(
        "After so many milliseconds one call is let through; if it ends well the breaker is closed. Default: only a reviewer closes it.",
      ),
  })
  .refine((one) => one.severity === undefined || one.on === "finding", "only a finding has a severity")
  .refine((one) => one.withinMs === undefined || one.count !== undefined, "withinMs goes with count");

export const breakerSchema = z
  .strictObject({
    closes: z
      .enum(["everything", "outward"])
      .optional()
      .describe(
        "What an open breaker keeps from being made: everything (the default), or calls of tools whose effect is outward, and messages.",
      ),
    trips: z
      .array(rule)
      .max(BREAKER_RULES_MAX)
      .optional()
      .describe(
        "What opens a breaker by itself. Of all rules that apply each does. Without one for them, a leak and a monitor's alarm that severs open that of their conversation.",
      ),
  })
  .describe("Breakers: what stops an agent at once, and what lets it go on.");
