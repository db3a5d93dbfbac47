/** Watches one number after the other for a change. The numbers are standardised: 0 is usual, 1 is one deviation above it. */
export interface Detector {
  /** True when the statistic is over its threshold. It stays there until `reset`, unless the numbers come down by themselves. */
  push(value: number): boolean;
  readonly statistic: number;
  readonly threshold: number;
  /** Begins anew, as at the start of a run. */
  reset(): void;
}

/**
 * A false alarm is stated as the mean number of values between two, where nothing changes: the field's ARL0. 1,000 means that one
 * value in a thousand sets off an alarm.
 */
export interface FalseAlarms {
  readonly meanRunLength: number;
}

/** What counts as far out: a single value moves a statistic by no more. */
export const VALUE_MAX = 1e6;

/** No number at all is nothing unusual: a source that breaks must be told apart by other means ("no signal"). */
export function bounded(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-VALUE_MAX, Math.min(VALUE_MAX, value));
}
