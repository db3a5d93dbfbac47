import type { Alternative, TokenSignal } from "./token-signal.ts";

/** What is measured of one token, in bits. */

/** All that no alternative stands for, as one. No token has this name: a NUL never is the whole of one that a server tells. */
export const OTHERS = "\u0000others";

/** Probabilities by token, which add up to one. */
export type Distribution = ReadonlyMap<string, number>;

export function surprisal({ logprob }: Alternative): number {
  return -logprob / Math.LN2;
}

/** What is known of the tokens in one place: the likeliest ones, the one that was chosen, and the rest as one. */
export function distributionOf({ token, logprob, top }: TokenSignal): Distribution {
  const known = new Map<string, number>();
  for (const one of top) known.set(one.token, Math.max(known.get(one.token) ?? 0, Math.exp(one.logprob)));
  if (!known.has(token)) known.set(token, Math.exp(logprob));
  const sum = [...known.values()].reduce((a, b) => a + b, 0);
  // Servers round; what is above one by that is not more than all.
  if (sum > 1) return new Map([...known].map(([name, probability]) => [name, probability / sum]));
  return sum < 1 ? new Map([...known, [OTHERS, 1 - sum]]) : known;
}

/**
 * Entropy of what is known. A lower bound of the entropy there is: the rest counts as one outcome, and no merging of outcomes makes a
 * distribution less certain.
 */
export function entropyBound(distribution: Distribution): number {
  let bits = 0;
  for (const probability of distribution.values()) bits -= terms(probability);
  return bits;
}

/** Jensen-Shannon divergence (Lin 1991), between 0 for the same and 1 for distributions that share nothing. */
export function divergence(one: Distribution, other: Distribution): number {
  const names = new Set([...one.keys(), ...other.keys()]);
  return divergenceOfTerms(
    [...names].map((name): [number, number] => [one.get(name) ?? 0, other.get(name) ?? 0]),
    0,
  );
}

/** The same from pairs of probabilities, and from what one of the two has beside them, which the other has nothing of. */
export function divergenceOfTerms(pairs: readonly (readonly [number, number])[], elsewhere: number): number {
  let bits = elsewhere / 2;
  for (const [p, q] of pairs) bits += (terms(p) + terms(q)) / 2 - terms((p + q) / 2);
  return Math.max(0, Math.min(1, bits));
}

function terms(probability: number): number {
  return probability === 0 ? 0 : probability * Math.log2(probability);
}
