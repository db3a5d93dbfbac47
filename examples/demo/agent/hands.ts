import type { Input, Step } from "./outcome.ts";

/** A call that is not made, and that the model hears of. */
export function notHere(tool: string, input: Input, why: string): Step {
  return { tool, input, outcome: { kind: "not-here", why }, told: "This tool cannot run on this host." };
}

/** What carries out a model's calls. Two kinds: one with a loop between the model and the world, one without. */
export interface Hands {
  /** Hears of what the model says and plans, before anything of it is done. */
  said(text: string, planned: readonly { readonly tool: string; readonly input: Input }[]): Promise<void>;
  carryOut(tool: string, input: Input): Promise<Step>;
}
