import { argumentKey, type RunProfile } from "./history.ts";
import { phraseOf } from "./words.ts";

/**
 * How many earlier runs the prior weighs. One, as in the estimator of Krichevsky and Trofimov over yes and no: half a run of
 * each, so that nothing is impossible after few runs.
 */
const PRIOR_RUNS = 1;

/**
 * Bits of surprise that a run uses `tool` for the `times`-th time: of the earlier runs, how many did so often? `otherwise` is the
 * probability to fall back to where there are few.
 */
export function toolSurprise(runs: readonly RunProfile[], tool: string, times: number, otherwise: number): number {
  const asOften = runs.filter(({ tools }) => (tools.get(tool) ?? 0) >= times).length;
  return -Math.log2((asOften + PRIOR_RUNS * otherwise) / (runs.length + PRIOR_RUNS));
}

/**
 * Bits of surprise of a value in one argument of a tool, among the earlier runs that filled it. A value that was there before is
 * as surprising as it was rare. One that was not is as surprising as new values are there: an argument that is different in
 * every run says nothing, one that was always the same says much. `usual` is the share of new values before anything is known.
 */
export function valueSurprise(
  runs: readonly RunProfile[],
  { tool, path, words }: { readonly tool: string; readonly path: string; readonly words: readonly string[] },
  usual: number,
): number {
  const key = argumentKey(tool, path);
  const filled = runs.flatMap(({ values }) => values.get(key) ?? []);
  const value = phraseOf(words);
  const having = filled.filter((values) => values.has(value)).length;
  if (having > 0) return -Math.log2((having + 0.5) / (filled.length + 1));
  return -Math.log2((runsWithNewValues(filled) + PRIOR_RUNS * usual) / (filled.length + PRIOR_RUNS));
}

/** Runs in which at least one value stood that no other run had: what Good and Turing estimate the unseen from. */
function runsWithNewValues(filled: readonly ReadonlySet<string>[]): number {
  const counts = new Map<string, number>();
  for (const values of filled) for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return filled.filter((values) => [...values].some((value) => counts.get(value) === 1)).length;
}
