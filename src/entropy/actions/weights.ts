import { FEATURE_NAMES, type FeatureName, type FeatureValues } from "./features.ts";

/** What each feature adds to the natural logarithm of the odds, per unit of it. None is below zero: see `calibration/fit.ts`. */
export interface Coefficients {
  readonly bias: number;
  readonly weights: Readonly<Record<FeatureName, number>>;
}

export interface LogisticModel extends Coefficients {
  /** Bits from which on an event is an alarm. */
  readonly alarmBits: number;
}

/** One model for calls of a job that was seen before, and one for those of which nothing but the agent is known. */
export interface ActionWeights {
  readonly sameJob: LogisticModel;
  readonly otherJobs: LogisticModel;
}

/** Bits of evidence: log2 of the odds. */
export function bitsOf({ bias, weights }: Coefficients, values: FeatureValues): number {
  return FEATURE_NAMES.reduce((sum, name) => sum + weights[name] * values[name], bias) / Math.LN2;
}

export function probabilityOf(bits: number): number {
  return 1 / (1 + 2 ** -bits);
}
