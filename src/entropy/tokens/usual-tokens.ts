import { ENTROPY_LIMITS } from "../limits.ts";
import { type Distribution, divergenceOfTerms, OTHERS } from "./measures.ts";

/** How much of the past one token replaces: half of what is usual is of the last 140 tokens. */
const WEIGHT = 0.005;
/** Weights grow instead of the past being scaled down at each token; far below what a double can hold all are scaled at once. */
const TOTAL_MAX = 1e100;

/** Which tokens were likely so far, as a running mean of their distributions. Bounded: the rarest of too many count as the rest. */
export class UsualTokens {
  #weights = new Map<string, number>();
  #total = 0;

  /** Empty before the first token. */
  get distribution(): Distribution {
    return new Map([...this.#weights].map(([token, weight]) => [token, weight / this.#total]));
  }

  /** How unlike the tokens before it a place is: of Jensen and Shannon, in bits between 0 and 1. Then it is one of them. */
  take(place: Distribution): number | undefined {
    const bits = this.#total === 0 ? undefined : this.#divergence(place);
    const gain = this.#total === 0 ? 1 : (this.#total * WEIGHT) / (1 - WEIGHT);
    for (const [token, share] of place) this.#weights.set(token, (this.#weights.get(token) ?? 0) + gain * share);
    this.#total += gain;
    if (this.#total > TOTAL_MAX) this.#scale();
    if (this.#weights.size > 2 * ENTROPY_LIMITS.usualTokens) this.#forgetRarest();
    return bits;
  }

  /** Of all that is usual and not in this place, only how much it is together counts: half of it. */
  #divergence(place: Distribution): number {
    let elsewhere = 1;
    const pairs = [...place].map(([token, share]): [number, number] => {
      const usual = (this.#weights.get(token) ?? 0) / this.#total;
      elsewhere -= usual;
      return [share, usual];
    });
    return divergenceOfTerms(pairs, Math.max(0, elsewhere));
  }

  #scale(): void {
    for (const [token, weight] of this.#weights) this.#weights.set(token, weight / this.#total);
    this.#total = 1;
  }

  #forgetRarest(): void {
    const sorted = [...this.#weights].filter(([token]) => token !== OTHERS).sort(([, a], [, b]) => b - a);
    const kept = new Map(sorted.slice(0, ENTROPY_LIMITS.usualTokens));
    const rest = sorted.slice(ENTROPY_LIMITS.usualTokens).reduce((sum, [, weight]) => sum + weight, 0);
    kept.set(OTHERS, (this.#weights.get(OTHERS) ?? 0) + rest);
    this.#weights = kept;
  }
}
