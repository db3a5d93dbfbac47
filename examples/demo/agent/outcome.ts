import type { CallResult, GuardDecision, PermitResult } from "../../../src/loop/index.ts";

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

/** What came of one call of the model. */
export type Outcome =
  /** It ran in a micro-VM, without a guard; `changed` and `egress` are what it would have done to this host. */
  | { readonly kind: "raw"; readonly changed: readonly string[]; readonly egress: readonly string[] }
  /** The loop's answer. */
  | { readonly kind: "called"; readonly result: CallResult }
  /** A person is asked first, or the policy refused. */
  | { readonly kind: "not-permitted"; readonly result: Exclude<PermitResult, { status: "permitted" }> }
  /** The guard saw something in what was to be remembered. */
  | { readonly kind: "memory-refused"; readonly reason: string; readonly verdict?: GuardDecision }
  | { readonly kind: "remembered"; readonly text: string }
  | { readonly kind: "recalled"; readonly found: readonly string[] }
  | { readonly kind: "mailed"; readonly mail: Mail }
  /** It needs what this host does not have. */
  | { readonly kind: "not-here"; readonly why: string }
  /** The model wrote no call that could be made. */
  | { readonly kind: "unusable" };

/** A call, and what the model was told of it. */
export interface Step {
  readonly tool: string;
  readonly input: Input;
  readonly outcome: Outcome;
  readonly told: string;
  /** Its name in the ledger; none when it never got there. */
  readonly runId?: string;
}

/** What all tools here take: texts by name. */
export type Input = Readonly<Record<string, string>>;
