import type { Json } from "../../base/json.ts";
import type { ProposedCall } from "./features.ts";
import { type Origin, RunTexts } from "./origins.ts";
import type { OutwardRule } from "./outward.ts";
import { argumentValues } from "./values.ts";

/** What happens in a run, in its order. */
export type ActionEvent =
  /** The person says what they want; more than once, in a conversation. */
  | { readonly kind: "request"; readonly text: string }
  /** The agent proposes a call. It has not run. */
  | { readonly kind: "call"; readonly tool: string; readonly args: Json; readonly from?: readonly KnownSource[] }
  /** What a call gave back. */
  | { readonly kind: "result"; readonly tool: string; readonly args: Json; readonly text: string };

/** A result that holds the value of an argument in another spelling than it has there: whoever keeps the run's record knows. */
export interface KnownSource {
  /** Names on the way to the argument, joined by dots, without the places in arrays. */
  readonly path: string;
  readonly label: string;
}

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
        return this.#propose(event.tool, event.args, event.from ?? []);
    }
  }

  #propose(tool: string, args: Json, from: readonly KnownSource[]): Omit<ProposedCall, "baseline"> | undefined {
    const times = (this.#times.get(tool) ?? 0) + 1;
    this.#times.set(tool, times);
    this.#calls += 1;
    if (!this.#outward(tool, args)) return undefined;
    const origins = argumentValues(args).map((value) => withSource(this.#texts.originOf(value), from));
    return { tool, times, origins };
  }
}

function labelOf(tool: string, args: Json): string {
  const values = argumentValues(args)
    .map(({ text }) => text)
    .join(", ");
  return `${tool}(${values.length > LABEL_CHARACTERS ? `${values.slice(0, LABEL_CHARACTERS)}…` : values})`;
}

/** What stands in a result word for word needs no other source. */
function withSource(origin: Origin, from: readonly KnownSource[]): Origin {
  const source = from.find(({ path }) => path === origin.value.path);
  return source === undefined || origin.result !== undefined ? origin : { ...origin, result: source.label };
}
