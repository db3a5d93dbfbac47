import type { FalseAlarms } from "../detectors/detector.ts";
import { RobustBaseline } from "../detectors/robust-baseline.ts";
import { StreamWatch } from "../detectors/stream-watch.ts";
import type { Evidence, Monitor } from "../monitor.ts";
import { distributionOf, entropyBound, surprisal } from "./measures.ts";
import type { Signal, TokenSignal } from "./token-signal.ts";
import { UsualTokens } from "./usual-tokens.ts";

/** Tokens whose measures are one value: most tokens are certain, so that single values are far from normal, and means of some are not. */
const WINDOW = 16;

/** Tokens after which it is known what is usual in an answer: some more than half of what that remembers (usual-tokens.ts). */
const WARM_UP = 256;

/** Means over a window of tokens, in bits. */
export interface TokenMeasures {
  readonly surprisal: number;
  /** A lower bound; see `entropyBound`. */
  readonly entropy: number;
  /** Of Jensen and Shannon, from the tokens so far; undefined while those are few. */
  readonly divergence: number | undefined;
}

export const TOKEN_SERIES = ["surprisal", "entropy", "divergence"] as const;
export type TokenBaselines = Readonly<Record<(typeof TOKEN_SERIES)[number], RobustBaseline>>;

export interface TokenState {
  /** waiting: nothing came yet. no-signal: the server said nothing of the last answer or chunk; what to do then is for the policy. */
  readonly signal: "waiting" | "signal" | "no-signal";
  /** Why there was none the last time. */
  readonly noSignal: Extract<Signal, { kind: "no-signal" }> | undefined;
  readonly tokens: number;
  /** Answers or chunks of which nothing was said. */
  readonly silent: number;
  readonly alarmed: boolean;
}

/** Follows the tokens of one answer, as they come or all at once. */
export class TokenMeter {
  readonly #usual = new UsualTokens();
  #sums = { surprisal: 0, entropy: 0, divergence: 0 };
  #count = 0;
  #seen = 0;

  /** The measures of each window that is full now. */
  take(tokens: readonly TokenSignal[]): TokenMeasures[] {
    const full: TokenMeasures[] = [];
    for (const token of tokens) {
      const place = distributionOf(token);
      this.#sums.surprisal += surprisal(token);
      this.#sums.entropy += entropyBound(place);
      this.#sums.divergence += this.#usual.take(place) ?? 0;
      this.#count++;
      this.#seen++;
      if (this.#count < WINDOW) continue;
      const { surprisal: one, entropy, divergence } = this.#sums;
      const isWarm = this.#seen - WINDOW >= WARM_UP;
      full.push({
        surprisal: one / WINDOW,
        entropy: entropy / WINDOW,
        divergence: isWarm ? divergence / WINDOW : undefined,
      });
      this.#sums = { surprisal: 0, entropy: 0, divergence: 0 };
      this.#count = 0;
    }
    return full;
  }
}

/** What is usual, from good answers. Throws ZtlError `calibration-too-small`, `baseline-flat`. */
export function tokenBaselines(answers: readonly (readonly TokenSignal[])[]): TokenBaselines {
  const windows = answers.flatMap((tokens) => new TokenMeter().take(tokens));
  const of = (name: (typeof TOKEN_SERIES)[number]): RobustBaseline =>
    RobustBaseline.of(windows.flatMap((one) => one[name] ?? []));
  return { surprisal: of("surprisal"), entropy: of("entropy"), divergence: of("divergence") };
}

/**
 * Watches the tokens of one run for a change of how certain a model is, and of what it might say. One monitor per run; false alarms are
 * counted in windows of 16 tokens.
 */
export class TokenMonitor implements Monitor<Signal, TokenState> {
  readonly #meter = new TokenMeter();
  readonly #watch: StreamWatch;
  #state: TokenState = { signal: "waiting", noSignal: undefined, tokens: 0, silent: 0, alarmed: false };
  #last: Evidence | undefined;

  constructor(baselines: TokenBaselines, alarms: FalseAlarms) {
    this.#watch = new StreamWatch({ ...baselines }, alarms);
  }

  get state(): TokenState {
    return this.#state;
  }

  /** Of the windows that this fills the one with the most evidence; undefined when it fills none, or says nothing. */
  observe(signal: Signal): Evidence | undefined {
    if (signal.kind === "no-signal") {
      this.#state = { ...this.#state, signal: "no-signal", noSignal: signal, silent: this.#state.silent + 1 };
      return undefined;
    }
    const found = this.#meter.take(signal.tokens).map((window) => this.#watch.push({ ...window }));
    this.#last = found.toSorted((a, b) => Number(b.alarm) - Number(a.alarm) || b.bits - a.bits)[0];
    this.#state = {
      ...this.#state,
      signal: "signal",
      tokens: this.#state.tokens + signal.tokens.length,
      alarmed: this.#state.alarmed || this.#last?.alarm === true,
    };
    return this.#last;
  }
}
