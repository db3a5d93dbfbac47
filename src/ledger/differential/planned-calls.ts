import { canonicalise } from "../../base/canonical-json.ts";
import { type Json, pointer } from "../../base/json.ts";
import { ZtlError } from "../../errors.ts";
import { PLANNED_CALLS_MAX } from "../limits.ts";

/** A tool call that an agent intends to make. */
export interface PlannedCall {
  readonly tool: string;
  readonly arguments: Json;
}

export interface PlanDifference {
  /** Calls planned only after, only before, and on both sides; each with its place in its plan. */
  readonly added: readonly PlacedCall[];
  readonly removed: readonly PlacedCall[];
  /** The same tool with other arguments. */
  readonly changed: readonly ChangedCall[];
  readonly unchanged: number;
  /** Whether calls that stand in both plans come in another order. */
  readonly reordered: boolean;
}

export interface PlacedCall extends PlannedCall {
  readonly place: number;
}

export interface ChangedCall {
  readonly before: PlacedCall;
  readonly after: PlacedCall;
  /** JSON pointers (RFC 6901) into the arguments where the two differ; "" means as a whole. */
  readonly differences: readonly string[];
}

/**
 * What a payload did to a plan. Equal calls are matched first, in order; what is left over is matched by tool, in order, as
 * changed; the rest was added or removed. Throws ZtlError `differential-too-large`, or what `canonicalise` throws.
 */
export function comparePlans(before: readonly PlannedCall[], after: readonly PlannedCall[]): PlanDifference {
  if (before.length > PLANNED_CALLS_MAX || after.length > PLANNED_CALLS_MAX) {
    throw new ZtlError("differential-too-large", `A plan may have ${PLANNED_CALLS_MAX} calls; found more`);
  }
  const left = before.map((call, place) => ({ ...call, place }));
  const right = after.map((call, place) => ({ ...call, place }));
  const equal = matchBy(left, right, (call) => canonicalise([call.tool, call.arguments]));
  const similar = matchBy(equal.left, equal.right, (call) => call.tool);
  return {
    added: similar.right,
    removed: similar.left,
    changed: similar.pairs.map(([one, other]) => ({
      before: one,
      after: other,
      differences: differingPlaces(one.arguments, other.arguments),
    })),
    unchanged: equal.pairs.length,
    reordered: equal.pairs.some(([, call], i) => i > 0 && call.place < (equal.pairs[i - 1]?.[1].place as number)),
  };
}

interface Matching {
  readonly pairs: readonly (readonly [PlacedCall, PlacedCall])[];
  readonly left: readonly PlacedCall[];
  readonly right: readonly PlacedCall[];
}

function matchBy(
  left: readonly PlacedCall[],
  right: readonly PlacedCall[],
  keyOf: (call: PlacedCall) => string,
): Matching {
  const waiting = new Map<string, PlacedCall[]>();
  // Last first, so that the first of equal calls is on top.
  for (const call of [...right].reverse()) {
    const key = keyOf(call);
    const same = waiting.get(key);
    if (same === undefined) waiting.set(key, [call]);
    else same.push(call);
  }
  const pairs: (readonly [PlacedCall, PlacedCall])[] = [];
  const alone: PlacedCall[] = [];
  for (const call of left) {
    const other = waiting.get(keyOf(call))?.pop();
    if (other === undefined) alone.push(call);
    else pairs.push([call, other]);
  }
  const matched = new Set(pairs.map(([, call]) => call));
  return { pairs, left: alone, right: right.filter((call) => !matched.has(call)) };
}

/** Deepest places where two values differ. Both were bounded by `canonicalise` before. */
function differingPlaces(one: Json, other: Json, place = ""): string[] {
  if (canonicalise(one) === canonicalise(other)) return [];
  const [a, b] = [membersOf(one), membersOf(other)];
  if (a === undefined || b === undefined || Array.isArray(one) !== Array.isArray(other)) return [place];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names.flatMap((name) => {
    const [inOne, inOther] = [a.get(name), b.get(name)];
    const inside = pointer(place, name);
    return inOne === undefined || inOther === undefined ? [inside] : differingPlaces(inOne, inOther, inside);
  });
}

function membersOf(value: Json): Map<string, Json> | undefined {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}
