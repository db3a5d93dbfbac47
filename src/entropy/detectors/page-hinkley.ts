import { ZtlError } from "../../errors.ts";
import { checked } from "./charts.ts";
import { bounded, type Detector, type FalseAlarms } from "./detector.ts";
import { bisect } from "./normal.ts";
import { gaussian } from "./random.ts";
import { cusumRunLength, thresholdFor as cusumThreshold } from "./run-length.ts";

const TOLERANCE = 0.25;
/** Streams on which the threshold is found: with so many the mean run length scatters by about 3 %. */
const STREAMS = 1000;
const SEED = 20_230_817;
/** Beyond it the simulation would take seconds; a CUSUM has no such bound. */
const RUN_LENGTH_MAX = 10_000;
/** A stream that has given no alarm after so many mean run lengths is cut: fewer than one in a million are. */
const LONGEST = 14;

/**
 * Page and Hinkley's test: m = sum of (x - mean so far - tolerance), an alarm when m is over its lowest point by the threshold. Its
 * own mean makes it indifferent to where a stream starts, which is why there is no formula for its run length: the threshold is
 * found on seeded streams of normal numbers.
 */
export class PageHinkley implements Detector {
  readonly threshold: number;
  readonly #test: Statistic;

  constructor(alarms: FalseAlarms, tolerance = TOLERANCE) {
    const length = checked(alarms);
    if (length > RUN_LENGTH_MAX) {
      throw new ZtlError("run-length-invalid", `Page and Hinkley's test has mean run lengths up to ${RUN_LENGTH_MAX}`, {
        found: length,
      });
    }
    this.threshold = thresholdFor(length, tolerance);
    this.#test = new Statistic(tolerance);
  }

  get statistic(): number {
    return this.#test.value;
  }

  push(value: number): boolean {
    return this.#test.push(bounded(value)) > this.threshold;
  }

  reset(): void {
    this.#test.reset();
  }
}

class Statistic {
  readonly #tolerance: number;
  #count = 0;
  #mean = 0;
  #above = 0;

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  get value(): number {
    return this.#above;
  }

  push(value: number): number {
    this.#count += 1;
    this.#mean += (value - this.#mean) / this.#count;
    this.#above = Math.max(0, this.#above + value - this.#mean - this.#tolerance);
    return this.#above;
  }

  reset(): void {
    this.#count = 0;
    this.#mean = 0;
    this.#above = 0;
  }
}

/** When a stream's statistic first reached each of its heights. */
interface Climb {
  readonly heights: readonly number[];
  readonly steps: readonly number[];
  readonly length: number;
}

/** Each stream is followed once, as far up as a CUSUM with twice the run length would go: a threshold is crossed at the first higher point. */
function thresholdFor(length: number, tolerance: number): number {
  const known = thresholds.get(`${length} ${tolerance}`);
  if (known !== undefined) return known;
  const top = cusumThreshold(2 * length, (h) => cusumRunLength(tolerance, h));
  const next = gaussian(SEED);
  const climbs = Array.from({ length: STREAMS }, () => climb(next, { top, tolerance, longest: LONGEST * length }));
  const found = bisect((threshold) => meanCrossing(climbs, threshold) - length, 0.01, top);
  if (thresholds.size >= THRESHOLDS_KEPT) thresholds.clear();
  thresholds.set(`${length} ${tolerance}`, found);
  return found;
}

/** A simulation of some tenths of a second is not made anew for each run. */
const thresholds = new Map<string, number>();
const THRESHOLDS_KEPT = 64;

function climb(
  next: () => number,
  { top, tolerance, longest }: { readonly top: number; readonly tolerance: number; readonly longest: number },
): Climb {
  const test = new Statistic(tolerance);
  const heights: number[] = [];
  const steps: number[] = [];
  let highest = 0;
  let step = 0;
  while (highest <= top && step < longest) {
    step += 1;
    const value = test.push(next());
    if (value <= highest) continue;
    highest = value;
    heights.push(value);
    steps.push(step);
  }
  return { heights, steps, length: step };
}

function meanCrossing(climbs: readonly Climb[], threshold: number): number {
  let sum = 0;
  for (const { heights, steps, length } of climbs) {
    const first = heights.findIndex((height) => height > threshold);
    sum += steps[first] ?? length;
  }
  return sum / climbs.length;
}
