import { ZtlError } from "../../errors.ts";

/** Normal numbers have their median absolute deviation at 0.6745 of the standard one. */
const MAD_TO_DEVIATION = 1 / 0.6745;
/** With fewer values a median says little. */
const VALUES_MIN = 20;
/** Values of one run that are learnt from: a long run counts as much as a few short ones. */
const VALUES_PER_RUN = 1_000;

export interface BaselineBounds {
  /** How far the centre may ever move from where it was calibrated, in deviations as calibrated. */
  readonly driftMax: number;
  /** How much the deviation may ever grow or shrink, as a factor. */
  readonly growthMax: number;
  /** How far one value moves them, in deviations: a change of the world is followed within some thousand values. */
  readonly step: number;
}

/**
 * Our choice: what is three deviations out stays at least one and two thirds out after any amount of poisoning, beyond a CUSUM's usual
 * allowance of a half; and a thousandth per value takes five hundred values on one side to go all the way.
 */
const BOUNDS: BaselineBounds = { driftMax: 0.5, growthMax: 1.5, step: 0.001 };

/** A baseline as it is kept between runs. */
export interface StoredBaseline {
  readonly anchorCentre: number;
  readonly anchorDeviation: number;
  readonly centre: number;
  readonly deviation: number;
}

/**
 * What is usual: median and median absolute deviation of values seen in good runs, so that a few odd ones among them change
 * nothing. It follows slow changes by small steps that know only on which side a value lies, never how far; and never further
 * from where it was calibrated than its bounds, so that whoever feeds it slightly odd values for ever gains a known amount. To go
 * further a person has to calibrate anew.
 */
export class RobustBaseline {
  readonly #anchorCentre: number;
  readonly #anchorDeviation: number;
  readonly #bounds: BaselineBounds;
  #centre: number;
  #deviation: number;

  private constructor(stored: StoredBaseline, bounds: BaselineBounds) {
    this.#anchorCentre = stored.anchorCentre;
    this.#anchorDeviation = stored.anchorDeviation;
    this.#bounds = bounds;
    this.#centre = stored.centre;
    this.#deviation = stored.deviation;
  }

  /** Throws ZtlError `calibration-too-small`, or `baseline-flat` where more than half of the values are the same. */
  static of(values: readonly number[], bounds: BaselineBounds = BOUNDS): RobustBaseline {
    const finite = values.filter((value) => Number.isFinite(value));
    if (finite.length < VALUES_MIN) {
      throw new ZtlError("calibration-too-small", `A baseline needs at least ${VALUES_MIN} values`, {
        found: finite.length,
      });
    }
    const centre = medianOf(finite);
    const deviation = MAD_TO_DEVIATION * medianOf(finite.map((value) => Math.abs(value - centre)));
    if (deviation === 0) {
      throw new ZtlError(
        "baseline-flat",
        "Expected values that scatter; found one value in more than half of the places",
        {
          found: centre,
        },
      );
    }
    return new RobustBaseline({ anchorCentre: centre, anchorDeviation: deviation, centre, deviation }, bounds);
  }

  /** Throws ZtlError `baseline-invalid` for one that its bounds could not have led to. */
  static from(stored: StoredBaseline, bounds: BaselineBounds = BOUNDS): RobustBaseline {
    const { anchorCentre, anchorDeviation, centre, deviation } = stored;
    const within =
      anchorDeviation > 0 &&
      Math.abs(centre - anchorCentre) <= bounds.driftMax * anchorDeviation * (1 + 1e-9) &&
      deviation <= bounds.growthMax * anchorDeviation * (1 + 1e-9) &&
      deviation >= (anchorDeviation / bounds.growthMax) * (1 - 1e-9);
    if (!within) throw new ZtlError("baseline-invalid", "Expected a baseline within its bounds", { found: stored });
    return new RobustBaseline(stored, bounds);
  }

  get stored(): StoredBaseline {
    const [anchorCentre, anchorDeviation] = [this.#anchorCentre, this.#anchorDeviation];
    return { anchorCentre, anchorDeviation, centre: this.#centre, deviation: this.#deviation };
  }

  /** A value in deviations from what is usual. */
  standardise(value: number): number {
    return (value - this.#centre) / this.#deviation;
  }

  /** Told when a run has ended and it is known what became of it; a quarantined run never teaches. */
  learn(run: { readonly values: readonly number[]; readonly quarantined: boolean }): void {
    if (run.quarantined) return;
    for (const value of run.values.slice(0, VALUES_PER_RUN)) if (Number.isFinite(value)) this.#step(value);
  }

  #step(value: number): void {
    const { driftMax, growthMax, step } = this.#bounds;
    const side = Math.sign(value - this.#centre);
    // Half of what is usual lies within the median absolute deviation, so that both sides of it are as frequent.
    const outer = Math.abs(value - this.#centre) > this.#deviation / MAD_TO_DEVIATION ? 1 : -1;
    const drift = driftMax * this.#anchorDeviation;
    this.#centre = clamp(
      this.#centre + step * this.#anchorDeviation * side,
      this.#anchorCentre - drift,
      this.#anchorCentre + drift,
    );
    this.#deviation = clamp(
      this.#deviation * (1 + step * outer),
      this.#anchorDeviation / growthMax,
      this.#anchorDeviation * growthMax,
    );
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
