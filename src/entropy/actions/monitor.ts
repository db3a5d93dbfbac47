import type { Evidence, Monitor, Reason } from "../monitor.ts";
import { CALIBRATED_WEIGHTS } from "./calibrated-weights.ts";
import { type Feature, featuresOf, featureValues } from "./features.ts";
import type { Baseline } from "./history.ts";
import { actsOutward, type OutwardRule } from "./outward.ts";
import { type ActionEvent, RunReader } from "./run-reader.ts";
import { type ActionWeights, bitsOf, type LogisticModel, probabilityOf } from "./weights.ts";

export interface ActionState {
  readonly calls: number;
  readonly outwardCalls: number;
  /** The most bits that an outward call of the run had; undefined before the first. */
  readonly highestBits: number | undefined;
  readonly alarmed: boolean;
}

export interface ActionMonitorOptions {
  readonly baseline: Baseline;
  readonly outward?: OutwardRule;
  readonly weights?: ActionWeights;
}

/**
 * Judges each outward call before it runs: how unlike it is to what the same job and the agent's other jobs did, and where its
 * arguments came from. Evidence, no proof: whoever knows the rule can stay below it (THREAT_MODEL.md). One monitor per run.
 */
export class ActionMonitor implements Monitor<ActionEvent, ActionState> {
  readonly #baseline: Baseline;
  readonly #model: LogisticModel;
  readonly #reader: RunReader;
  #outwardCalls = 0;
  #highestBits: number | undefined;
  #alarmed = false;

  constructor({ baseline, outward = actsOutward, weights = CALIBRATED_WEIGHTS }: ActionMonitorOptions) {
    this.#baseline = baseline;
    this.#model = baseline.sameJob.length > 0 ? weights.sameJob : weights.otherJobs;
    this.#reader = new RunReader(outward);
  }

  /** Bits from which on a call is an alarm. */
  get alarmBits(): number {
    return this.#model.alarmBits;
  }

  get state(): ActionState {
    return {
      calls: this.#reader.calls,
      outwardCalls: this.#outwardCalls,
      highestBits: this.#highestBits,
      alarmed: this.#alarmed,
    };
  }

  observe(event: ActionEvent): Evidence | undefined {
    const proposed = this.#reader.read(event);
    if (proposed === undefined) return undefined;
    const features = featuresOf({ ...proposed, baseline: this.#baseline });
    const bits = bitsOf(this.#model, featureValues(features));
    const alarm = bits > this.#model.alarmBits;
    this.#outwardCalls += 1;
    this.#highestBits = Math.max(bits, this.#highestBits ?? bits);
    this.#alarmed ||= alarm;
    const reasons = features
      .filter(({ name, value }) => value * this.#model.weights[name] > 0)
      .map((feature) => reasonOf(feature, this.#model))
      .sort((a, b) => b.bits - a.bits);
    return { probability: probabilityOf(bits), bits, alarm, reasons };
  }
}

function reasonOf({ name, value, text }: Feature, { weights }: LogisticModel): Reason {
  return { name, bits: (weights[name] * value) / Math.LN2, text: text() };
}
