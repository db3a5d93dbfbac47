import type { Erased, Step } from "./bodies.ts";
import type { Content } from "./fields.ts";

/** Content that a step refers to. Looked for where a schema has it alone: what an agent wrote as JSON cannot name a blob. */
export function contentsOf(step: Step | Erased): readonly Content[] {
  return listed(step).filter((one) => one !== undefined);
}

function listed(step: Step | Erased): readonly (Content | undefined)[] {
  switch (step.kind) {
    case "call":
      return [step.body.inputContent];
    case "run":
      return [step.body.stdout, step.body.stderr, step.body.replayContent];
    case "reads":
    case "egress":
      return [step.body.list];
    case "verdict":
      return [step.body.content];
    case "change-set":
      return [step.body.list, ...(step.body.contents ?? [])];
    case "rebase":
      return [step.body.list, step.body.decided.selection];
    case "approval":
      return [step.body.selection];
    case "sync":
      return [step.body.list, step.body.decided?.selection];
    case "given":
    case "said":
    case "told":
    case "not-taken":
    case "note":
      return step.body.contents ?? [];
    case "taken-in":
    case "failure":
    case "policy-decision":
    case "admission":
    case "reviewer":
    case "decision":
    case "breaker":
    case "judgement":
    case "erasure":
    case "erased":
      return [];
  }
}
