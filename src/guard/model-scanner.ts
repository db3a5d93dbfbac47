import { sha256Stream } from "../base/sha256.ts";
import { cutPlace, plainText } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import type { Finding, Verdict } from "./finding.ts";
import { DEFAULT_LIMITS, EXCERPT_CHARACTERS, MODEL_TIMEOUT_MS } from "./limits.ts";
import { type Window, windowsOf } from "./model-windows.ts";
import { builtInRules, type RuleSet } from "./rule-set.ts";
import { joined, type Scanner } from "./scanner.ts";

/** What a guard model says about a text. It may reject, hang or answer anything: all of that is taken as unsafe. */
export type Ask = (text: string, signal: AbortSignal) => Promise<"safe" | { readonly unsafe: string }>;

export interface ModelScannerOptions {
  readonly ask: Ask;
  /** The rules of the scanner it stands beside; verdicts carry their hash. Default: the rules this package ships. */
  readonly rules?: RuleSet;
  /** For all questions about one content. */
  readonly timeoutMs?: number;
}

/**
 * Asks a guard model about a content, in windows (`model-windows.ts`). It admits only when the model called every window
 * safe; anything else is `flag`, so a person decides. It never blocks: a model can be talked into that as well.
 */
export class ModelScanner implements Scanner {
  readonly #ask: Ask;
  readonly #ruleSetHash: string;
  readonly #timeoutMs: number;
  readonly #hash = sha256Stream();
  #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;

  constructor({ ask, rules = builtInRules(), timeoutMs = MODEL_TIMEOUT_MS }: ModelScannerOptions) {
    this.#ask = ask;
    this.#ruleSetHash = rules.hash;
    this.#timeoutMs = timeoutMs;
  }

  push(bytes: Uint8Array): void {
    if (this.#ended) throw new ZtlError("guard-ended", "The scanner has already given its verdict; make a new one.");
    this.#hash.update(bytes);
    this.#length += bytes.length;
    if (this.#length > DEFAULT_LIMITS.inputBytes) this.#chunks = [];
    else this.#chunks.push(Uint8Array.from(bytes));
  }

  async end(): Promise<Verdict> {
    if (this.#ended) throw new ZtlError("guard-ended", "The scanner has already given its verdict; make a new one.");
    this.#ended = true;
    const findings = await this.#findings();
    this.#chunks = [];
    return Object.freeze({
      decision: findings.length === 0 ? "admit" : "flag",
      findings,
      unlisted: 0,
      contentSha256: this.#hash.digest("hex"),
      contentBytes: this.#length,
      ruleSetHash: this.#ruleSetHash,
    });
  }

  /** At most one of each kind: after the first window that is not safe the decision stands. */
  async #findings(): Promise<readonly Finding[]> {
    if (this.#length === 0) return [];
    const whole = { start: 0, end: this.#length };
    if (this.#length > DEFAULT_LIMITS.inputBytes) return [unavailable(whole, "too long")];
    const bytes = joined(this.#chunks, this.#length);
    const { asked, skipped } = windowsOf(bytes);
    const findings = skipped === undefined ? [] : [unavailable(skipped, "too long")];
    const signal = AbortSignal.timeout(this.#timeoutMs);
    for (const window of asked) {
      const finding = await this.#about(window, bytes, signal);
      if (finding !== undefined) return [...findings, finding].sort((a, b) => a.start - b.start);
    }
    return findings;
  }

  async #about(window: Window, bytes: Uint8Array, signal: AbortSignal): Promise<Finding | undefined> {
    const text = new TextDecoder().decode(bytes.subarray(window.start, window.end));
    try {
      const answer: unknown = await withinTime(this.#ask(text, signal), signal);
      if (answer === "safe") return undefined;
      return isUnsafe(answer) ? unsafe(window, answer.unsafe) : unavailable(window, "no verdict");
    } catch (error) {
      return unavailable(window, error instanceof Error ? error.message : String(error));
    }
  }
}

/** Settles as `answer` does, and rejects when the time is over even if whoever answers does not look at the signal. */
function withinTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", end));
  });
}

function isUnsafe(answer: unknown): answer is { readonly unsafe: string } {
  return typeof answer === "object" && answer !== null && "unsafe" in answer && typeof answer.unsafe === "string";
}

function unsafe(window: Window, because: string): Finding {
  const reason = "was called unsafe by a guard model";
  return {
    rule: "model.unsafe",
    family: "model",
    severity: "high",
    ...window,
    path: [],
    excerpt: shown(because),
    reason,
  };
}

function unavailable(window: Window, because: string): Finding {
  const reason = "could not be checked by a guard model";
  const rule = "model.unavailable";
  return { rule, family: "model", severity: "high", ...window, path: [], excerpt: shown(because), reason };
}

/** The model's words, or an error's: as untrusted as the content, and for people only. */
function shown(words: string): string {
  return plainText(words.slice(0, cutPlace(words, EXCERPT_CHARACTERS)));
}
