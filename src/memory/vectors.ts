import { ZtlError } from "../errors.ts";
import { DIMENSIONS_MAX, VECTOR_TOLERANCE } from "./limits.ts";

/**
 * A copy of numbers that may be a vector: finite in 32 bits, which is what stores keep, and not all zero, as zero has no
 * direction. Throws ZtlError `vector-invalid`.
 */
export function copyVector(value: unknown, dimensions?: number): number[] {
  // Each part is read once, so that a getter cannot give other numbers later.
  const length = Array.isArray(value) ? Math.min(value.length, DIMENSIONS_MAX + 1) : 0;
  const vector = Array.from({ length }, (_, index): unknown => (value as unknown[])[index]);
  const expected = dimensions ?? Math.min(length, DIMENSIONS_MAX);
  if (length === expected && vector.every(isFloat) && vector.some((part) => part !== 0)) return vector;
  throw new ZtlError(
    "vector-invalid",
    `Expected a vector of ${dimensions ?? `1 to ${DIMENSIONS_MAX}`} finite numbers, not all zero; found something else`,
    { expected, found: length },
  );
}

function isFloat(part: unknown): part is number {
  return typeof part === "number" && Number.isFinite(Math.fround(part));
}

/** Whether a given vector is the text's own embedding, but for what a provider's answers differ from time to time. */
export function isOwnVector(given: readonly number[], own: readonly number[]): boolean {
  if (given.length !== own.length) return false;
  const distance = Math.hypot(...given.map((part, index) => part - (own[index] as number)));
  return distance <= VECTOR_TOLERANCE * Math.hypot(...own);
}

/**
 * Maximal marginal relevance: picks up to `k` of the candidates, best first, each for being near the query and far from
 * those already picked. `lambda` 1 looks at relevance only, 0 at diversity only. Gives positions.
 * (Carbonell and Goldstein, SIGIR 1998.)
 */
export function pickDiverse(
  query: readonly number[],
  candidates: readonly (readonly number[])[],
  k: number,
  lambda: number,
): number[] {
  const relevance = candidates.map((candidate) => cosine(query, candidate));
  /** For each candidate, how near the nearest picked one is. */
  const repetition = candidates.map(() => 0);
  const left = new Set(candidates.keys());
  const picked: number[] = [];
  const gain = (index: number): number =>
    lambda * (relevance[index] as number) - (1 - lambda) * (repetition[index] as number);
  while (picked.length < k && left.size > 0) {
    const best = [...left].reduce((leader, index) => (gain(index) > gain(leader) ? index : leader));
    left.delete(best);
    picked.push(best);
    for (const index of left) {
      const similarity = cosine(candidates[best] as readonly number[], candidates[index] as readonly number[]);
      repetition[index] = Math.max(repetition[index] as number, similarity);
    }
  }
  return picked;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let product = 0;
  for (let index = 0; index < a.length; index++) product += (a[index] as number) * (b[index] as number);
  return product / (Math.hypot(...a) * Math.hypot(...b)) || 0;
}
