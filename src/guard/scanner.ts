import { sha256Stream } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import { Examination } from "./examination.ts";
import type { Finding, Verdict } from "./finding.ts";
import { DEFAULT_LIMITS, type GuardLimits } from "./limits.ts";
import { DEFAULT_POLICY, decide, type VerdictPolicy } from "./policy.ts";
import type { Sink } from "./rule.ts";
import { builtInRules, type RuleSet } from "./rule-set.ts";

/**
 * The seam behind which scanners stand: ours, which knows structures, or one that asks a guard model. Bytes may be cut
 * anywhere; `end` is called once and gives the verdict on all of them.
 */
export interface Scanner {
  push(bytes: Uint8Array): void;
  end(): Verdict | Promise<Verdict>;
}

export interface ScanOptions {
  /** Default: the rules this package ships. */
  readonly rules?: RuleSet;
  readonly limits?: Partial<GuardLimits>;
  readonly policy?: VerdictPolicy;
  /** Where the content will go. Default: memory. */
  readonly sink?: Sink | readonly Sink[];
}

/**
 * Finds control structures of orchestrators, models and terminals in one content. It holds the bytes until `end`,
 * as structures span chunks and JSON is only known when closed; beyond `inputBytes` it holds nothing more and flags.
 */
export class SyntacticScanner implements Scanner {
  readonly #rules: RuleSet;
  readonly #limits: GuardLimits;
  readonly #policy: VerdictPolicy;
  readonly #sinks: readonly Sink[];
  readonly #hash = sha256Stream();
  #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;

  constructor(options: ScanOptions = {}) {
    this.#rules = options.rules ?? builtInRules();
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#policy = { ...(options.policy ?? DEFAULT_POLICY) };
    this.#sinks = [options.sink ?? "memory"].flat();
  }

  push(bytes: Uint8Array): void {
    if (this.#ended) throw new ZtlError("guard-ended", "The scanner has already given its verdict; make a new one.");
    this.#hash.update(bytes);
    this.#length += bytes.length;
    if (this.#length > this.#limits.inputBytes) this.#chunks = [];
    // A copy: the caller may reuse its buffer before the end.
    else this.#chunks.push(new Uint8Array(bytes));
  }

  end(): Verdict {
    if (this.#ended) throw new ZtlError("guard-ended", "The scanner has already given its verdict; make a new one.");
    this.#ended = true;
    const examination = new Examination(this.#rules, this.#limits, this.#sinks, this.#length);
    const { findings } = examination;
    if (this.#length > this.#limits.inputBytes)
      findings.limit("limit.input-bytes", this.#limits.inputBytes, this.#length);
    else examination.run(joined(this.#chunks, this.#length));
    this.#chunks = [];
    return this.#verdict(findings.finish(), findings.unlisted);
  }

  #verdict(findings: readonly Finding[], unlisted: number): Verdict {
    return Object.freeze({
      decision: decide(findings, this.#policy),
      findings,
      unlisted,
      contentSha256: this.#hash.digest("hex"),
      contentBytes: this.#length,
      ruleSetHash: this.#rules.hash,
    });
  }
}

/** The verdict on a whole content at hand. Strings are taken as UTF-8. */
export function scan(content: Uint8Array | string, options: ScanOptions = {}): Verdict {
  const scanner = new SyntacticScanner(options);
  scanner.push(typeof content === "string" ? new TextEncoder().encode(content) : content);
  return scanner.end();
}

/** The chunks as one array. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
