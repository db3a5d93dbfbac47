import type { Json } from "../base/json.ts";
import {
  type Evidence,
  type Monitor,
  type Signal,
  surprisal,
  TOKEN_SOURCES,
  type TokenSource,
  type TokenState,
} from "../entropy/index.ts";
import { isOllama, type Wire } from "./wires.ts";

/** What a server told of the tokens of one answer. */
export interface TokenReport {
  readonly wire: Wire;
  /** no-signal: nothing was told, or nothing that could be read; an answer of tool calls alone has none either. */
  readonly signal: "signal" | "no-signal";
  readonly tokens: number;
  /** Mean of the tokens, in bits; 0 without a signal. */
  readonly surprisalBits: number;
  /** The first alarm of the monitor, where one watches. */
  readonly alarm?: Evidence;
}

/** Follows the tokens of one answer, as its frames come. */
export class TokenWatch {
  readonly #wire: Wire;
  readonly #source: TokenSource;
  readonly #monitor: Monitor<Signal, TokenState> | undefined;
  #tokens = 0;
  #bits = 0;
  #alarm: Evidence | undefined;

  constructor(wire: Wire, monitor?: Monitor<Signal, TokenState>) {
    this.#wire = wire;
    this.#source = sourceOf(wire);
    this.#monitor = monitor;
  }

  observe(value: Json): void {
    const signal = this.#source(value);
    const evidence = this.#monitor?.observe(signal);
    if (evidence?.alarm === true) this.#alarm ??= evidence;
    if (signal.kind === "no-signal") return;
    this.#tokens += signal.tokens.length;
    for (const token of signal.tokens) this.#bits += surprisal(token);
  }

  get report(): TokenReport {
    const tokens = this.#tokens;
    return {
      wire: this.#wire,
      signal: tokens > 0 ? "signal" : "no-signal",
      tokens,
      surprisalBits: tokens > 0 ? this.#bits / tokens : 0,
      ...(this.#alarm && { alarm: this.#alarm }),
    };
  }
}

function sourceOf(wire: Wire): TokenSource {
  if (isOllama(wire)) return TOKEN_SOURCES.ollama;
  return wire === "chat" ? TOKEN_SOURCES["openai-chat"] : TOKEN_SOURCES["openai-responses"];
}
