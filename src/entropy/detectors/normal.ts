/**
 * The probability that a standard normal number is at most `x`. By the complementary error function in the Chebyshev fit of Numerical
 * Recipes (Press et al., section 6.2), whose relative error is below 1.2e-7 also far out in the tail.
 */
export function normalBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const polynomial = terms.reduceRight((sum, term) => sum * t + term, 0);
  const tail = (t * Math.exp(-z * z + polynomial)) / 2;
  return x >= 0 ? 1 - tail : tail;
}

/** The number that a standard normal one exceeds with probability `tail`. */
export function normalQuantile(tail: number): number {
  return bisect((x) => normalBelow(-x) - tail, 0, 40);
}

/** Where a falling or rising function is zero between two points on either side of it. */
export function bisect(of: (x: number) => number, low: number, high: number): number {
  const rising = of(high) > of(low);
  let [from, to] = [low, high];
  for (let step = 0; step < 40; step++) {
    const middle = (from + to) / 2;
    if (of(middle) > 0 === rising) to = middle;
    else from = middle;
  }
  return (from + to) / 2;
}
