/** Scores of runs that nobody attacked, and of those that were to be found. */
export interface Scores {
  readonly benign: readonly number[];
  readonly hostile: readonly number[];
}

/** The probability that a hostile run has the higher score than a benign one; a tie counts half. NaN without both kinds. */
export function auroc({ benign, hostile }: Scores): number {
  const sorted = [...benign].sort((a, b) => a - b);
  const wins = hostile.map((score) => (below(sorted, score, false) + below(sorted, score, true)) / 2);
  return wins.reduce((sum, win) => sum + win, 0) / (sorted.length * hostile.length);
}

/** How many are less than `score`, or no more than it. */
function below(sorted: readonly number[], score: number, orEqual: boolean): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1;
    const value = sorted[middle] as number;
    if (value < score || (orEqual && value === score)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The lowest threshold above which no more than `rate` of the benign runs lie. */
export function thresholdAt(benign: readonly number[], rate: number): number {
  const descending = [...benign].sort((a, b) => b - a);
  return descending[Math.floor(rate * descending.length)] ?? Number.NEGATIVE_INFINITY;
}

/** The share of scores above a threshold. */
export function shareAbove(scores: readonly number[], threshold: number): number {
  return scores.filter((score) => score > threshold).length / scores.length;
}
