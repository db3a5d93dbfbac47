import type { Evidence, Reason } from "../monitor.ts";
import { Cusum } from "./charts.ts";
import type { Detector, FalseAlarms } from "./detector.ts";
import type { RobustBaseline } from "./robust-baseline.ts";

/** Longest run length a chart is exact for (charts.ts). */
const RUN_LENGTH_MAX = 1_000_000;

interface Series {
  readonly baseline: RobustBaseline;
  readonly detector: Detector;
  last: number;
}

/** The shift that is looked for is twice the allowance, in deviations. */
const ALLOWANCE = 0.5;

/**
 * Watches several series of numbers at once, each against what is usual for it. An alarm is given when the CUSUM of one is over its
 * threshold; those are so high that all of them together give false alarms as rarely as was asked for.
 *
 * A CUSUM with half a shift as allowance is, times that shift, the logarithm of the likelihood that its series lies higher by the shift by
 * now, against that it does not (Page 1954), in nats. So its evidence is in bits: by the likelihood, less what a change costs that
 * is expected once in a mean run length. It holds for numbers that are about normal, and says that something changed, not why.
 */
export class StreamWatch {
  readonly #series: ReadonlyMap<string, Series>;
  readonly #priorBits: number;
  readonly #bitsPerStep: number;

  constructor(
    baselines: Readonly<Record<string, RobustBaseline>>,
    { meanRunLength }: FalseAlarms,
    allowance = ALLOWANCE,
  ) {
    const named = Object.entries(baselines);
    const each = { meanRunLength: Math.min(RUN_LENGTH_MAX, meanRunLength * named.length) };
    this.#series = new Map(
      named.map(([name, baseline]) => [name, { baseline, detector: new Cusum(each, allowance), last: Number.NaN }]),
    );
    this.#priorBits = Math.log2(meanRunLength);
    this.#bitsPerStep = (2 * allowance) / Math.LN2;
  }

  /** A value for each series that has one now. */
  push(values: Readonly<Record<string, number | undefined>>): Evidence {
    let alarm = false;
    for (const [name, series] of this.#series) {
      const value = values[name];
      if (value === undefined) continue;
      series.last = value;
      alarm = series.detector.push(series.baseline.standardise(value)) || alarm;
    }
    const reasons = [...this.#series]
      .map(([name, series]) => reasonOf(name, series, this.#bitsPerStep))
      .filter(({ bits }) => bits > 0);
    reasons.sort((a, b) => b.bits - a.bits);
    const bits = (reasons[0]?.bits ?? 0) - this.#priorBits;
    return { probability: 1 / (1 + 2 ** -bits), bits, alarm, reasons };
  }

  reset(): void {
    for (const { detector } of this.#series.values()) detector.reset();
  }
}

function reasonOf(name: string, { baseline, detector, last }: Series, bitsPerStep: number): Reason {
  const { centre, deviation } = baseline.stored;
  const text = `${name} rose: ${last.toFixed(2)} bits now, where ${centre.toFixed(2)} ± ${deviation.toFixed(2)} are usual`;
  return { name, bits: detector.statistic * bitsPerStep, text };
}
