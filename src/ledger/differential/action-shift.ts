import { ZtlError } from "../../errors.ts";

/** How likely a model is to do each thing next, by name. Weights need not sum to one. */
export type ActionDistribution = Readonly<Record<string, number>>;

export interface ActionShift {
  /** Total variation distance: the share of the probability that moved, 0 to 1. */
  readonly distance: number;
  /** Every action whose probability differs, the largest move first; equal moves by name. */
  readonly actions: readonly { readonly action: string; readonly before: number; readonly after: number }[];
}

/** How a probe model's next action changes when the payload is added. Throws ZtlError `distribution-invalid`. */
export function compareActions(before: ActionDistribution, after: ActionDistribution): ActionShift {
  const [left, right] = [normalised(before), normalised(after)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const moves = names.map((action) => ({ action, before: left.get(action) ?? 0, after: right.get(action) ?? 0 }));
  const sizeOf = (move: { before: number; after: number }): number => Math.abs(move.after - move.before);
  return {
    distance: moves.reduce((sum, move) => sum + sizeOf(move), 0) / 2,
    actions: moves.filter((move) => sizeOf(move) > 0).sort((one, other) => sizeOf(other) - sizeOf(one)),
  };
}

function normalised(distribution: ActionDistribution): Map<string, number> {
  const entries = Object.entries(distribution);
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  if (entries.some(([, weight]) => !(weight >= 0)) || !(sum > 0) || !Number.isFinite(sum)) {
    throw new ZtlError("distribution-invalid", "Expected weights of at least 0 with a positive, finite sum");
  }
  return new Map(entries.map(([action, weight]) => [action, weight / sum]));
}
