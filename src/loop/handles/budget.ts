import type { Consideration } from "../../policy/index.ts";

/** What an agent made at run time may use, counted from when its handle was made. */
export interface BudgetLimits {
  /** Calls in all. */
  readonly calls?: number;
  /** Calls within any 60 seconds. */
  readonly callsPerMinute?: number;
  /** The sum of its calls' `cost` in the configuration, in whatever the owner counts. */
  readonly cost?: number;
}

const MINUTE_MS = 60_000;

/** Counts an agent's calls; what a sub-agent uses counts for the agents above it, too. */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #above: Budget | undefined;
  readonly #now: () => number;
  #calls = 0;
  #cost = 0;
  /** When the calls of the last minute were made, oldest first. */
  #recent: number[] = [];

  constructor(limits: BudgetLimits, above: Budget | undefined, now: () => number) {
    this.#limits = { ...limits };
    this.#above = above;
    this.#now = now;
  }

  /** What keeps a call of this cost from being made; changes nothing. */
  refusal(cost: number): Consideration | undefined {
    const { calls = Infinity, callsPerMinute = Infinity, cost: most = Infinity } = this.#limits;
    const since = this.#now() - MINUTE_MS;
    this.#recent = this.#recent.filter((at) => at > since);
    if (this.#calls + 1 > calls) return refuses(`All ${calls} calls of its budget are made.`);
    if (this.#recent.length + 1 > callsPerMinute) return refuses(`It may make ${callsPerMinute} calls a minute.`);
    if (this.#cost + cost > most)
      return refuses(`Its budget of ${most} has ${most - this.#cost} left; this call costs ${cost}.`);
    return this.#above?.refusal(cost);
  }

  /** Counts a call that is to be made. */
  spend(cost: number): void {
    this.#calls += 1;
    this.#cost += cost;
    if (this.#limits.callsPerMinute !== undefined) this.#recent.push(this.#now());
    this.#above?.spend(cost);
  }
}

function refuses(why: string): Consideration {
  return { rule: "budget", outcome: "refuses", why };
}
