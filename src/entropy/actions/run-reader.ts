import type { Json } from "../../base/json.ts";
import type { ProposedCall } from "./features.ts";
import { RunTexts } from "./origins.ts";
import type { OutwardRule } from "./outward.ts";
import { argumentValues } from "./values.ts";

/** What happens in a run, in its order. */
export type ActionEvent =
  /** The person says what they want; more than once, in a conversation. */
  | { readonly kind: "request"; readonly text: string }
  /** The agent proposes a call. It has not run. */
  | { readonly kind: "call"; readonly tool: string; readonly args: Json }
  /** What a call gave back. */
  | { readonly kind: "result"; readonly tool: string; readonly args: Json; readonly text: string };

/** A label shows the values of a call, but never more of it than a person reads at a glance. */
const LABEL_CHARACTERS = 60;

/** Follows one run and says of each outward call what is to be seen without any history: which use it is, and where its values stand. */
export class RunReader {
  readonly #outward: OutwardRule;
  readonly #texts = new RunTexts();
  readonly #times = new Map<string, number>();
  #calls = 0;

  constructor(outward: OutwardRule) {
    this.#outward = outward;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Undefined for what is no outward call. */
  read(event: ActionEvent): Omit<ProposedCall, "baseline"> | undefined {
    switch (event.kind) {
      case "request":
        this.#texts.addRequest(event.text);
        return undefined;
      case "result":
        this.#texts.addResult(labelOf(event.tool, event.args), event.text);
        return undefined;
      case "call":
        return this.#propose(event.tool, event.args);
    }
  }

  #propose(tool: string, args: Json): Omit<ProposedCall, "baseline"> | undefined {
    const times = (this.#times.get(tool) ?? 0) + 1;
    this.#times.set(tool, times);
    this.#calls += 1;
    if (!this.#outward(tool, args)) return undefined;
    return { tool, times, origins: argumentValues(args).map((value) => this.#texts.originOf(value)) };
  }
}

function labelOf(tool: string, args: Json): string {
  const values = argumentValues(args)
    .map(({ text }) => text)
    .join(", ");
  return `${tool}(${values.length > LABEL_CHARACTERS ? `${values.slice(0, LABEL_CHARACTERS)}…` : values})`;
}
