import {
  type FeatureName,
  type FeatureValues,
  featuresOf,
  featureValues,
  type ProposedCall,
} from "../actions/features.ts";
import { ActionHistory, type Baseline } from "../actions/history.ts";
import { actsOutward, type OutwardRule } from "../actions/outward.ts";
import { RunReader } from "../actions/run-reader.ts";
import { bitsOf, type Coefficients, type LogisticModel } from "../actions/weights.ts";
import { fitModel, type LabelledRun } from "./fit.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { thresholdAt } from "./roc.ts";

/** Which runs are judged by a model that has seen none of their kind. */
export type FoldBy = "model" | "suite";

/** same-job: earlier benign runs of the same job, by other models, are known. other-jobs: those of the agent's other jobs only. */
export type Knowledge = "same-job" | "other-jobs";

/** How to fit: what is known, and which features are left out. */
export interface Way {
  readonly knowledge: Knowledge;
  readonly without?: ReadonlySet<FeatureName>;
  /** Features that the fit knows and the judgement does not find: as against attackers who avoid them. */
  readonly unseen?: ReadonlySet<FeatureName>;
}

export interface ScoredRun {
  readonly run: RecordedRun;
  /** The most bits of an outward call; minus infinity for a run without one, which cannot be stopped on one. */
  readonly bits: number;
  /** Which of its outward calls had them, from 0; -1 for none. */
  readonly call: number;
}

const NOTHING: ReadonlySet<FeatureName> = new Set();

type Seen = Omit<ProposedCall, "baseline">;

/** A file of runs, read once, that can be fitted and judged in several ways. */
export class Calibration {
  readonly #runs: readonly RecordedRun[];
  readonly #seen: ReadonlyMap<RecordedRun, readonly Seen[]>;
  /** Each fold and each question about a feature needs the same numbers again. */
  readonly #known = new Map<RecordedRun, Map<string, readonly FeatureValues[]>>();
  readonly #baselines = new Map<string, Baseline>();
  readonly #histories = new Map<string, ActionHistory>();

  /** Runs that are judged only: no fit and no history has seen them. */
  readonly #apart: readonly RecordedRun[];

  constructor(runs: readonly RecordedRun[], apart: readonly RecordedRun[] = [], outward: OutwardRule = actsOutward) {
    this.#runs = runs;
    this.#apart = apart;
    this.#seen = new Map([...runs, ...apart].map((run) => [run, outwardCalls(run, outward)]));
  }

  /** Every run, judged by a model fitted without its fold. Histories never hold a run of the model that is judged. */
  heldOut(way: Way, foldBy: FoldBy): ScoredRun[] {
    const folds = [...new Set(this.#runs.map((run) => run[foldBy]))].sort();
    return folds.flatMap((fold) => {
      const strangers = foldBy === "model" ? [fold] : [];
      const rest = this.#runs.filter((run) => run[foldBy] !== fold);
      const model = this.#fit(rest, way, strangers);
      return this.#runs.filter((run) => run[foldBy] === fold).map((run) => this.score(run, way, model));
    });
  }

  /** A model of all runs. `rate` of the benign ones lie above its threshold when each is judged without its fold. */
  fit(knowledge: Knowledge, rate: number): LogisticModel {
    const benign = this.heldOut({ knowledge }, "model").filter(({ run }) => run.kind === "benign");
    const alarmBits = thresholdAt(
      benign.map(({ bits }) => bits),
      rate,
    );
    return { ...this.#fit(this.#runs, { knowledge }, []), alarmBits };
  }

  /** The runs kept apart, judged by a model of all others. */
  keptApart(way: Way, model: Coefficients): ScoredRun[] {
    return this.#apart.map((run) => this.score(run, way, model));
  }

  /** The likeliest call of a run. The history it is compared with holds no run of the same model. */
  score(run: RecordedRun, { knowledge, unseen = NOTHING }: Way, model: Coefficients): ScoredRun {
    const bits = this.#values(run, knowledge, []).map((values) => bitsOf(model, withoutFeatures(values, unseen)));
    const highest = Math.max(Number.NEGATIVE_INFINITY, ...bits);
    return { run, bits: highest, call: bits.indexOf(highest) };
  }

  /** Why a run got its bits: a sentence for each feature that added some, the weightiest first. */
  reasons({ run, call }: ScoredRun, knowledge: Knowledge, { weights }: Coefficients): string[] {
    const seen = this.#seen.get(run)?.[call];
    if (seen === undefined) return ["it made no outward call"];
    return featuresOf({ ...seen, baseline: this.#baseline(run, knowledge, [run.model]) })
      .map(({ name, value, text }) => ({ bits: value * weights[name], text }))
      .filter(({ bits }) => bits > 0)
      .sort((a, b) => b.bits - a.bits)
      .map(({ text }) => text());
  }

  /** Runs in which an injection was resisted are neither harmless nor hostile calls, and teach nothing. */
  #fit(
    runs: readonly RecordedRun[],
    { knowledge, without = NOTHING }: Way,
    strangers: readonly string[],
  ): Coefficients {
    const labelled = runs
      .filter(({ kind }) => kind !== "resisted")
      .map((run): LabelledRun => ({ hostile: run.kind === "obeyed", calls: this.#values(run, knowledge, strangers) }));
    return fitModel(labelled, without);
  }

  #values(run: RecordedRun, knowledge: Knowledge, strangers: readonly string[]): readonly FeatureValues[] {
    const ways = this.#known.get(run) ?? new Map<string, readonly FeatureValues[]>();
    this.#known.set(run, ways);
    const key = JSON.stringify([knowledge, strangers]);
    const known = ways.get(key);
    if (known !== undefined) return known;
    const baseline = this.#baseline(run, knowledge, [run.model, ...strangers]);
    const values = (this.#seen.get(run) ?? []).map((seen) => featureValues(featuresOf({ ...seen, baseline })));
    ways.set(key, values);
    return values;
  }

  #baseline({ suite, job }: RecordedRun, knowledge: Knowledge, without: readonly string[]): Baseline {
    const key = JSON.stringify([suite, job, knowledge, without]);
    const known = this.#baselines.get(key);
    if (known !== undefined) return known;
    const made = this.#history(suite, without).baseline(job);
    const baseline = knowledge === "same-job" ? made : { sameJob: [], otherJobs: made.otherJobs };
    this.#baselines.set(key, baseline);
    return baseline;
  }

  #history(suite: string, without: readonly string[]): ActionHistory {
    const key = JSON.stringify([suite, without]);
    const known = this.#histories.get(key);
    if (known !== undefined) return known;
    const history = new ActionHistory();
    for (const run of this.#runs) {
      if (run.suite !== suite || without.includes(run.model)) continue;
      history.learn(run.job, { calls: run.calls, quarantined: run.kind !== "benign" });
    }
    this.#histories.set(key, history);
    return history;
  }
}

function outwardCalls(run: RecordedRun, outward: OutwardRule): Seen[] {
  const reader = new RunReader(outward);
  reader.read({ kind: "request", text: run.request });
  return run.calls.flatMap(({ tool, args, result }) => {
    const seen = reader.read({ kind: "call", tool, args });
    reader.read({ kind: "result", tool, args, text: result });
    return seen ?? [];
  });
}

function withoutFeatures(values: FeatureValues, unseen: ReadonlySet<FeatureName>): FeatureValues {
  if (unseen.size === 0) return values;
  return { ...values, ...Object.fromEntries([...unseen].map((name) => [name, 0])) };
}
