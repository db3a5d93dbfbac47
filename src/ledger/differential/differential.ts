import { type Json, pointer } from "../../base/json.ts";
import { ZtlError } from "../../errors.ts";
import { DIFFERENTIAL_UNITS_MAX, SPAN_UNITS_MIN } from "../limits.ts";
import { EchoFinder, type LaterText } from "./echo-finder.ts";
import { comparePlans, type PlanDifference, type PlannedCall } from "./planned-calls.ts";

/** What a run's output did to its agent, found in data alone: no model is asked. */

export interface DifferentialInput {
  /** What was added to the agent's context. */
  readonly payload: readonly ContextPiece[];
  /** What the agent said and did afterwards. */
  readonly later: readonly LaterPiece[];
  /** What was in the context before: an echo of it need not come from the payload. */
  readonly known?: readonly string[];
  /** What the agent planned without and with the payload. */
  readonly plans?: { readonly before: readonly PlannedCall[]; readonly after: readonly PlannedCall[] };
  /** Shortest echo that counts, in normalised UTF-16 units. Default 24. */
  readonly spanUnitsMin?: number;
}

export interface ContextPiece {
  /** Where it came from, such as `run 17 stdout`. */
  readonly label: string;
  readonly text: string;
}

export type LaterPiece =
  | { readonly kind: "output"; readonly label: string; readonly text: string }
  /** Every string inside the arguments is looked at, names of members too. */
  | { readonly kind: "tool-call"; readonly label: string; readonly tool: string; readonly arguments: Json };

/** A stretch of the payload that turned up again. Offsets are UTF-16 units of the original texts, ends exclusive. */
export interface Echo {
  /** Index into `payload` and range in its text. */
  readonly payload: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /**
   * Index into `later` and range in its text; for a tool call, of the string (or the
   * name of the member) at `place`, a JSON pointer into the arguments.
   */
  readonly later: number;
  readonly place?: string;
  readonly laterStart: number;
  readonly laterEnd: number;
  /** As it stands in the later text. */
  readonly text: string;
  /** `exact`: unit by unit. `normalised`: but for compatibility forms, case, white space and invisible characters. */
  readonly match: "exact" | "normalised";
  /** True for an argument that is, as a whole, one word of the payload, and too short to count as a stretch. */
  readonly wholeArgument: boolean;
  /** True when the same stretch was in the context before the payload. */
  readonly known: boolean;
}

export interface SemanticDifferential {
  readonly added: readonly { readonly label: string; readonly units: number }[];
  readonly echoes: readonly Echo[];
  /** True when there were more echoes than are reported (1,000). */
  readonly truncated: boolean;
  /** Of each later piece: units that echo the payload and were not known before, and all units. */
  readonly later: readonly { readonly label: string; readonly echoedUnits: number; readonly units: number }[];
  readonly plans: PlanDifference | undefined;
}

/** Pure, linear in the texts. Throws ZtlError `differential-too-large` for more than 4 Mi units of text on a side. */
export function semanticDifferential(input: DifferentialInput): SemanticDifferential {
  const minimum = input.spanUnitsMin ?? SPAN_UNITS_MIN;
  if (!Number.isSafeInteger(minimum) || minimum < 4) {
    throw new ZtlError("differential-span", `Expected a shortest span of at least 4 units; found ${minimum}`);
  }
  const texts = input.later.flatMap(textsOf);
  expectBounded("payload", input.payload);
  expectBounded("later texts", texts);
  const known = (input.known ?? []).map((text) => ({ text }));
  expectBounded("known texts", known);

  const finder = new EchoFinder(
    input.payload,
    known.map(({ text }) => text),
    minimum,
  );
  const later = input.later.map(({ label }) => ({ label, echoedUnits: 0, units: 0 }));
  for (const text of texts) {
    const sums = later[text.later] as { echoedUnits: number; units: number };
    sums.echoedUnits += finder.search(text);
    sums.units += text.text.length;
  }
  return {
    added: input.payload.map(({ label, text }) => ({ label, units: text.length })),
    echoes: finder.echoes,
    truncated: finder.truncated,
    later,
    plans: input.plans === undefined ? undefined : comparePlans(input.plans.before, input.plans.after),
  };
}

function textsOf(piece: LaterPiece, later: number): LaterText[] {
  if (piece.kind === "output") return [{ later, text: piece.text }];
  const found: LaterText[] = [];
  // By hand and not by recursion: arguments may be nested deeper than the stack.
  const waiting: { value: Json; place: string }[] = [{ value: piece.arguments, place: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, place } = next;
    if (typeof value === "string") found.push({ later, place, text: value, isValue: true });
    if (typeof value !== "object" || value === null) continue;
    for (const [name, inside] of Object.entries(value).reverse()) {
      const at = pointer(place, name);
      if (!Array.isArray(value)) found.push({ later, place: at, text: name });
      waiting.push({ value: inside as Json, place: at });
    }
  }
  return found;
}

function expectBounded(what: string, texts: readonly { readonly text: string }[]): void {
  const units = texts.reduce((sum, { text }) => sum + text.length, 0);
  if (units <= DIFFERENTIAL_UNITS_MAX) return;
  throw new ZtlError("differential-too-large", `The ${what} may have ${DIFFERENTIAL_UNITS_MAX} units; found ${units}`, {
    units,
  });
}
