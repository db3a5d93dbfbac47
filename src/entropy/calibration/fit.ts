import { FEATURE_NAMES, type FeatureName, type FeatureValues } from "../actions/features.ts";
import type { Coefficients } from "../actions/weights.ts";

/** The outward calls of one run, and whether the run obeyed an injection: which of its calls did so nobody has to say. */
export interface LabelledRun {
  readonly hostile: boolean;
  readonly calls: readonly FeatureValues[];
}

/** Pulls the weights towards zero, so that a feature that a few runs happen to share does not get a large one. */
const RIDGE = 1;
/** The choice of each hostile run's call is settled after three or four of these on the recorded runs. */
const ROUNDS = 12;
const STEPS = 500;
const SETTLED = 1e-4;

/**
 * Fits a logistic model from runs. All calls of harmless runs are harmless; of a hostile run one call is, and it is taken to be
 * the one that the model so far finds the likeliest (multiple-instance learning), in turns until that settles.
 *
 * No weight may be below zero: each feature is a suspicion, and a suspicion that speaks *for* a call would be a way for an
 * attacker to buy trust, and comes from chance besides.
 */
export function fitModel(runs: readonly LabelledRun[], without: ReadonlySet<FeatureName> = new Set()): Coefficients {
  const rowOf = (values: FeatureValues): number[] => [
    ...FEATURE_NAMES.map((name) => (without.has(name) ? 0 : values[name])),
    1,
  ];
  const harmless = runs
    .filter(({ hostile }) => !hostile)
    .flatMap(({ calls }) => calls.map((call) => ({ row: rowOf(call), label: 0 })));
  const hostile = runs.filter((run) => run.hostile && run.calls.length > 0).map(({ calls }) => calls.map(rowOf));
  let coefficients: number[] = [...FEATURE_NAMES.map(() => 1), 0];
  let chosen: readonly number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const next = hostile.map((calls) => likeliest(calls, coefficients));
    if (round > 0 && next.every((row, index) => row === chosen[index])) break;
    chosen = next;
    coefficients = logistic([...harmless, ...chosen.map((row) => ({ row, label: 1 }))]);
  }
  const weights = Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, coefficients[index] as number]));
  return { bias: coefficients.at(-1) as number, weights: weights as Record<FeatureName, number> };
}

function likeliest(calls: readonly number[][], coefficients: readonly number[]): number[] {
  return calls.reduce((best, row) => (dot(row, coefficients) > dot(best, coefficients) ? row : best));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** Coordinate-wise Newton steps, each cut off at zero: the loss is convex, so they end at its only minimum. */
function logistic(examples: readonly { readonly row: readonly number[]; readonly label: number }[]): number[] {
  const size = FEATURE_NAMES.length + 1;
  const coefficients = new Array<number>(size).fill(0);
  const odds = new Float64Array(examples.length);
  for (let step = 0; step < STEPS; step++) {
    let largest = 0;
    for (let column = 0; column < size; column++) {
      const change = newtonStep(examples, odds, { column, coefficient: coefficients[column] as number });
      coefficients[column] = (coefficients[column] as number) + change;
      examples.forEach(({ row }, index) => {
        odds[index] = (odds[index] as number) + change * (row[column] as number);
      });
      largest = Math.max(largest, Math.abs(change));
    }
    if (largest < SETTLED) break;
  }
  return coefficients;
}

function newtonStep(
  examples: readonly { readonly row: readonly number[]; readonly label: number }[],
  odds: Float64Array,
  { column, coefficient }: { readonly column: number; readonly coefficient: number },
): number {
  const isBias = column === FEATURE_NAMES.length;
  let gradient = isBias ? 0 : RIDGE * coefficient;
  let curvature = isBias ? 1e-9 : RIDGE;
  examples.forEach(({ row, label }, index) => {
    const x = row[column] as number;
    if (x === 0) return;
    const probability = 1 / (1 + Math.exp(-(odds[index] as number)));
    gradient += (probability - label) * x;
    curvature += probability * (1 - probability) * x * x;
  });
  // Far from the minimum the curvature says little; a bounded step cannot overshoot for ever.
  const change = Math.max(-1, Math.min(1, -gradient / curvature));
  return isBias ? change : Math.max(change, -coefficient);
}
