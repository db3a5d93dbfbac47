import type { Json } from "../../base/json.ts";
import { ENTROPY_LIMITS } from "../limits.ts";
import { argumentValues } from "./values.ts";
import { phraseOf } from "./words.ts";

/** A call as a history sees it. */
export interface PastCall {
  readonly tool: string;
  readonly args: Json;
}

/** What one run did: how often each tool, and with which values. */
export interface RunProfile {
  readonly tools: ReadonlyMap<string, number>;
  /** By `tool argument`: the values, as phrases. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a new call is compared with: the earlier runs of the same job, and those of the agent's other jobs. */
export interface Baseline {
  readonly sameJob: readonly RunProfile[];
  readonly otherJobs: readonly RunProfile[];
}

export function argumentKey(tool: string, path: string): string {
  return `${tool} ${path}`;
}

export function profileOf(calls: readonly PastCall[]): RunProfile {
  const tools = new Map<string, number>();
  const values = new Map<string, Set<string>>();
  for (const { tool, args } of calls.slice(0, ENTROPY_LIMITS.callsPerRun)) {
    tools.set(tool, (tools.get(tool) ?? 0) + 1);
    for (const { path, words } of argumentValues(args)) {
      const key = argumentKey(tool, path);
      const known = values.get(key) ?? new Set<string>();
      if (known.size < ENTROPY_LIMITS.valuesPerArgument) known.add(phraseOf(words));
      values.set(key, known);
    }
  }
  return { tools, values };
}

/**
 * The runs of one agent, by job. A run is told only when it ended and nobody has anything against it: a quarantined run never
 * teaches. Of one job only the newest runs are kept, so that a slow drift of the world is followed, and a flood of odd runs of
 * one job can move no other job.
 */
export class ActionHistory {
  readonly #jobs = new Map<string, RunProfile[]>();

  learn(job: string, run: { readonly calls: readonly PastCall[]; readonly quarantined: boolean }): void {
    if (run.quarantined) return;
    const runs = this.#jobs.get(job) ?? [];
    runs.push(profileOf(run.calls));
    if (runs.length > ENTROPY_LIMITS.runsPerJob) runs.shift();
    this.#jobs.delete(job);
    this.#jobs.set(job, runs);
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= ENTROPY_LIMITS.jobs) break;
      this.#jobs.delete(oldest);
    }
  }

  /** Without a job only what the agent does otherwise is known. */
  baseline(job: string | undefined): Baseline {
    const others = [...this.#jobs].filter(([name]) => name !== job).flatMap(([, runs]) => runs);
    return { sameJob: (job === undefined ? undefined : this.#jobs.get(job)) ?? [], otherJobs: others };
  }
}
