import { ZtlError } from "../../errors.ts";
import { bounded, type Detector, type FalseAlarms } from "./detector.ts";
import { normalQuantile } from "./normal.ts";
import { cusumRunLength, ewmaRunLength, thresholdFor } from "./run-length.ts";

/** Mean run lengths that can be asked for: below ten every other value is an alarm, beyond a million no solution is exact. */
const RUN_LENGTH_MIN = 10;
const RUN_LENGTH_MAX = 1_000_000;

/** A shift of one deviation is what a CUSUM with half of it as allowance finds fastest (Page 1954). */
const ALLOWANCE = 0.5;
const WEIGHT = 0.2;

/** Page's CUSUM, one-sided: S = max(0, S + x - k), an alarm above h. For small shifts that stay. */
export class Cusum implements Detector {
  readonly threshold: number;
  readonly #allowance: number;
  #sum = 0;

  constructor(alarms: FalseAlarms, allowance = ALLOWANCE) {
    const length = checked(alarms);
    this.#allowance = allowance;
    this.threshold = cusumThreshold(length, allowance);
  }

  get statistic(): number {
    return this.#sum;
  }

  push(value: number): boolean {
    this.#sum = Math.max(0, this.#sum + bounded(value) - this.#allowance);
    return this.#sum > this.threshold;
  }

  reset(): void {
    this.#sum = 0;
  }
}

/** Some tenths of a second of linear algebra, which are not spent anew for each run. */
function cusumThreshold(length: number, allowance: number): number {
  const key = `${length} ${allowance}`;
  const known = thresholds.get(key) ?? thresholdFor(length, (h) => cusumRunLength(allowance, h));
  if (thresholds.size >= THRESHOLDS_KEPT) thresholds.clear();
  thresholds.set(key, known);
  return known;
}

const thresholds = new Map<string, number>();
const THRESHOLDS_KEPT = 64;

/** An exponentially weighted moving average, two-sided: z = w x + (1 - w) z, an alarm beyond L of its own deviations. */
export class Ewma implements Detector {
  readonly threshold: number;
  readonly #weight: number;
  #average = 0;

  constructor(alarms: FalseAlarms, weight = WEIGHT) {
    const length = checked(alarms);
    const limit = thresholdFor(length, (l) => ewmaRunLength(weight, l));
    this.#weight = weight;
    this.threshold = limit * Math.sqrt(weight / (2 - weight));
  }

  get statistic(): number {
    return Math.abs(this.#average);
  }

  push(value: number): boolean {
    this.#average = this.#weight * bounded(value) + (1 - this.#weight) * this.#average;
    return this.statistic > this.threshold;
  }

  reset(): void {
    this.#average = 0;
  }
}

/** One value by itself, against a threshold. */
class SingleValue implements Detector {
  readonly threshold: number;
  #value = 0;

  constructor(threshold: number) {
    this.threshold = threshold;
  }

  get statistic(): number {
    return this.#value;
  }

  push(value: number): boolean {
    this.#value = bounded(value);
    return this.#value > this.threshold;
  }

  reset(): void {
    this.#value = 0;
  }
}

/** One value by itself, above what normal numbers exceed so rarely. For a shift that is large and short. */
export class NormalThreshold extends SingleValue {
  constructor(alarms: FalseAlarms) {
    super(normalQuantile(1 / checked(alarms)));
  }
}

/** The same for numbers of any distribution: above what so few of the values seen were, as conformal prediction counts them. */
export class CalibratedThreshold extends SingleValue {
  /** Throws ZtlError `calibration-too-small` where the values are fewer than the run length: none of them is rare enough. */
  constructor(alarms: FalseAlarms, seen: readonly number[]) {
    super(conformalThreshold(checked(alarms), seen));
  }
}

function conformalThreshold(length: number, seen: readonly number[]): number {
  const sorted = seen.map(bounded).sort((a, b) => a - b);
  const rank = Math.ceil((sorted.length + 1) * (1 - 1 / length));
  const threshold = sorted[rank - 1];
  if (threshold !== undefined) return threshold;
  throw new ZtlError("calibration-too-small", `A mean run length of ${length} needs at least ${length - 1} values`, {
    found: seen.length,
  });
}

export function checked({ meanRunLength }: FalseAlarms): number {
  if (meanRunLength >= RUN_LENGTH_MIN && meanRunLength <= RUN_LENGTH_MAX) return meanRunLength;
  throw new ZtlError(
    "run-length-invalid",
    `Expected a mean run length between ${RUN_LENGTH_MIN} and ${RUN_LENGTH_MAX}`,
    {
      found: meanRunLength,
    },
  );
}
