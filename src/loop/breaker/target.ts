import type { BreakerScope } from "../../policy/index.ts";

/** Whose calls an open breaker keeps from being made. */
export type BreakerTarget =
  | { readonly scope: "run"; readonly agent: string; readonly conversation: string; readonly runId: string }
  | { readonly scope: "conversation"; readonly agent: string; readonly conversation: string }
  /** By name, or as the pattern under which the configuration has several: whoever makes one of them makes others. */
  | { readonly scope: "agent"; readonly agent: string }
  | { readonly scope: "global" };

/** Who acts, in which run. */
export interface ActingIn {
  readonly agent: string;
  readonly conversation: string;
  readonly runId: string;
}

/** Where a target stands in the database: text that means it and nothing else within its scope. */
export function keyOf(target: BreakerTarget): string {
  switch (target.scope) {
    case "run":
      return target.runId;
    case "conversation":
      return JSON.stringify([target.agent, target.conversation]);
    case "agent":
      return target.agent;
    case "global":
      return "";
  }
}

/** The target of a scope around what somebody did. `kin` is the name under which the configuration has the agent. */
export function targetAround(
  { agent, conversation, runId }: ActingIn,
  scope: BreakerScope,
  kin: string,
): BreakerTarget {
  switch (scope) {
    case "run":
      return { scope, agent, conversation, runId };
    case "conversation":
      return { scope, agent, conversation };
    case "agent":
      return { scope, agent: kin };
    case "global":
      return { scope };
  }
}

export type Covering = readonly [BreakerTarget, BreakerTarget, BreakerTarget, BreakerTarget, BreakerTarget];

/** All targets that what somebody does belongs to, the widest first. One that is its own kin is in no pattern: no key is empty. */
export function targetsCovering({ agent, conversation, runId }: ActingIn, kin: string): Covering {
  return [
    { scope: "global" },
    { scope: "agent", agent: kin === agent ? "" : kin },
    { scope: "agent", agent },
    { scope: "conversation", agent, conversation },
    { scope: "run", agent, conversation, runId },
  ];
}

/** Whose it is, in words. */
export function describeTarget(target: BreakerTarget): string {
  switch (target.scope) {
    case "run":
      return "this run";
    case "conversation":
      return "this conversation";
    case "agent":
      return "this agent";
    case "global":
      return "all agents";
  }
}
