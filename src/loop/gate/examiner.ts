import { invariant } from "../../errors.ts";
import {
  type Admitter,
  DEFAULT_LIMITS,
  neutralise,
  type RuleSet,
  type Scanner,
  type ScanOptions,
  scan,
  stricterVerdict,
  type Verdict,
} from "../../guard/index.ts";
import type { AdmittedText } from "../../memory/index.ts";
import type { FindingSummary } from "../calls/call-result.ts";
import { gravestFirst } from "./kept-findings.ts";

export interface ExaminerOptions {
  readonly rules: RuleSet;
  readonly admitter: Admitter;
  /** A further scanner, such as one that asks a guard model: it can make a verdict stricter, never laxer. */
  readonly second?: (() => Scanner) | undefined;
}

export interface Scope {
  readonly runId: string;
  readonly agent: string;
}

/** What was withheld, when even a sentence of ours would not do. */
const NOTHING = "The output is withheld.";

/** The guard as the loop uses it: looks at texts, and makes admissions for those that may enter memory. */
export class Examiner {
  readonly #rules: RuleSet;
  readonly #admitter: Admitter;
  readonly #second: (() => Scanner) | undefined;

  constructor({ rules, admitter, second }: ExaminerOptions) {
    this.#rules = rules;
    this.#admitter = admitter;
    this.#second = second;
  }

  get scanOptions(): ScanOptions {
    return { rules: this.#rules };
  }

  /** By rules alone: what a change set's files, an agent's own words and our own sentences get. */
  scan(content: Uint8Array | string): Verdict {
    return scan(content, this.scanOptions);
  }

  /**
   * The verdict on an output: by rules, and by the second scanner when there is one and the rules did not block already.
   * `raw` are the bytes the text was decoded from, when they are not exactly its UTF-8: what decoding lost is looked at too.
   */
  async examine(text: string, raw: readonly Uint8Array[] = []): Promise<Verdict> {
    let verdict = this.scan(text);
    for (const bytes of raw) verdict = stricterVerdict(verdict, this.scan(bytes));
    if (this.#second === undefined || verdict.decision === "block") return verdict;
    const scanner = this.#second();
    scanner.push(Buffer.from(text, "utf8"));
    return stricterVerdict(verdict, await scanner.end());
  }

  /** Undefined unless the verdict on this very text is `admit`. */
  admit(text: string, verdict: Verdict, scope: Scope): AdmittedText | undefined {
    const result = this.#admitter.admit(text, verdict, scope);
    return result.status === "admitted" ? { text, admission: result.admission, ...scope } : undefined;
  }

  /** For a flagged text that a person let through. */
  release(text: string, verdict: Verdict, scope: Scope, reviewer: string): AdmittedText | undefined {
    const result = this.#admitter.release(text, verdict, scope, reviewer);
    return result.status === "admitted" ? { text, admission: result.admission, ...scope } : undefined;
  }

  /** The text with its control structures broken; what cannot be made harmless is withheld. */
  neutralised(text: string, verdict: Verdict, scope: Scope): AdmittedText {
    const neutral = neutralise(text, verdict.findings, this.scanOptions);
    return this.admit(neutral.text, neutral.verdict, scope) ?? this.say(NOTHING, scope);
  }

  /** A sentence of ours; should a name in it offend the guard, one without. */
  say(sentence: string, scope: Scope): AdmittedText {
    const said = this.admit(sentence, this.scan(sentence), scope) ?? this.admit(NOTHING, this.scan(NOTHING), scope);
    invariant(said !== undefined, "the guard admits the loop's own sentence");
    return said;
  }

  /** Whether a text is small enough to be looked at at all. */
  static fits(bytes: number): boolean {
    return bytes <= DEFAULT_LIMITS.inputBytes;
  }
}

/** What may be told of findings: one line for each rule, worst first. */
export function summarise({ findings }: Verdict): FindingSummary[] {
  const ranked = gravestFirst(findings).filter(({ severity }) => severity !== "info");
  const byRule = new Map(ranked.toReversed().map(({ rule, severity, reason }) => [rule, { rule, severity, reason }]));
  return [...byRule.values()].reverse().slice(0, 20);
}
