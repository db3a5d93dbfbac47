import { ZtlError } from "../../errors.ts";
import { DIFFERENTIAL_UNITS_MAX, SPAN_UNITS_MIN, SPANS_MAX } from "../limits.ts";
import { type Json, pointer } from "../record/json.ts";
import { type NormalisedText, normalise } from "./normalise.ts";
import { comparePlans, type PlanDifference, type PlannedCall } from "./planned-calls.ts";
import { type SharedSpan, SpanFinder } from "./shared-spans.ts";

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

interface LaterText {
  readonly later: number;
  readonly place?: string;
  readonly text: string;
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

/** Between pieces that are searched together: in no normalised text, so that no span crosses it. */
const SEPARATOR = "\0";

interface Piece {
  readonly text: string;
  readonly normal: NormalisedText;
  /** Where its normalised text begins among all of them. */
  readonly start: number;
}

class EchoFinder {
  readonly #pieces: readonly Piece[];
  readonly #payload: SpanFinder;
  readonly #known: SpanFinder;
  readonly echoes: Echo[] = [];
  truncated = false;

  constructor(payload: readonly ContextPiece[], known: readonly string[], minimum: number) {
    let start = 0;
    this.#pieces = payload.map(({ text }) => {
      const piece = { text, normal: normalise(text), start };
      start += piece.normal.text.length + SEPARATOR.length;
      return piece;
    });
    this.#payload = new SpanFinder(this.#pieces.map(({ normal }) => normal.text).join(SEPARATOR), minimum);
    this.#known = new SpanFinder(known.map((text) => normalise(text).text).join(SEPARATOR), minimum);
  }

  /** Adds the echoes in one text; answers with how many of its units they cover, known ones left out. */
  search({ later, place, text }: LaterText): number {
    const normal = normalise(text);
    const known = merge(this.#known.find(normal.text, normal.text.length));
    let passed = 0;
    let covered = 0;
    let echoedUnits = 0;
    for (const found of this.#payload.find(normal.text, normal.text.length)) {
      const span = trim(found, normal.text);
      const end = span.targetStart + span.length;
      while (passed < known.length && (known[passed] as Range).end < end) passed++;
      const isKnown = passed < known.length && (known[passed] as Range).start <= span.targetStart;
      const [laterStart, laterEnd] = originOf(normal, span.targetStart, end);
      if (!isKnown) {
        echoedUnits += Math.max(0, laterEnd - Math.max(covered, laterStart));
        covered = Math.max(covered, laterEnd);
      }
      if (this.echoes.length === SPANS_MAX) {
        this.truncated = true;
        continue;
      }
      const origin = this.#originOf(span);
      const again = text.slice(laterStart, laterEnd);
      this.echoes.push({
        payload: origin.payload,
        payloadStart: origin.start,
        payloadEnd: origin.end,
        later,
        ...(place === undefined ? {} : { place }),
        laterStart,
        laterEnd,
        text: again,
        match: origin.text === again ? "exact" : "normalised",
        known: isKnown,
      });
    }
    return echoedUnits;
  }

  #originOf({ payloadStart, length }: SharedSpan): { payload: number; start: number; end: number; text: string } {
    let payload = 0;
    let high = this.#pieces.length - 1;
    while (payload < high) {
      const middle = Math.ceil((payload + high) / 2);
      if ((this.#pieces[middle] as Piece).start <= payloadStart) payload = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[payload] as Piece;
    const from = payloadStart - piece.start;
    const [start, end] = originOf(piece.normal, from, from + length);
    return { payload, start, end, text: piece.text.slice(start, end) };
  }
}

/** Without the space at either end, of which nobody can say where it came from. */
function trim({ payloadStart, targetStart, length }: SharedSpan, target: string): SharedSpan {
  const before = target[targetStart] === " " ? 1 : 0;
  const after = target[targetStart + length - 1] === " " ? 1 : 0;
  return { payloadStart: payloadStart + before, targetStart: targetStart + before, length: length - before - after };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What spans cover together. They come in the order of their starts, and so of their ends. */
function merge(spans: readonly SharedSpan[]): Range[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { targetStart, length } of spans) {
    const last = ranges.at(-1);
    if (last !== undefined && targetStart <= last.end) last.end = targetStart + length;
    else ranges.push({ start: targetStart, end: targetStart + length });
  }
  return ranges;
}

function originOf({ starts, ends }: NormalisedText, from: number, to: number): readonly [number, number] {
  return [starts[from] as number, ends[to - 1] as number];
}

function textsOf(piece: LaterPiece, later: number): LaterText[] {
  if (piece.kind === "output") return [{ later, text: piece.text }];
  const found: LaterText[] = [];
  // By hand and not by recursion: arguments may be nested deeper than the stack.
  const waiting: { value: Json; place: string }[] = [{ value: piece.arguments, place: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, place } = next;
    if (typeof value === "string") found.push({ later, place, text: value });
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
