import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { sha256Hex } from "../../base/sha256.ts";
import { invariant } from "../../errors.ts";
import {
  type AdmissionScope,
  type Admitter,
  DEFAULT_LIMITS,
  neutralise,
  type RuleSet,
  type Scanner,
  type ScanOptions,
  type Sink,
  scan,
  stricterVerdict,
  type Verdict,
} from "../../guard/index.ts";
import type { AdmittedText } from "../../memory/index.ts";
import type { Label } from "../../policy/index.ts";
import type { FindingSummary } from "../call/call-result.ts";
import { frame, markOf } from "../call/frame.ts";
import { gravestFirst } from "./kept-findings.ts";

export interface ExaminerOptions {
  readonly rules: RuleSet;
  /** Where texts go from here. */
  readonly sinks: readonly Sink[];
  readonly admitter: Admitter;
  /** Makes the marks of frames, which nobody can know without it. */
  readonly markKey: Uint8Array;
  /** A further scanner, such as one that asks a guard model: it can make a verdict stricter, never laxer. */
  readonly second?: (() => Scanner) | undefined;
}

/** Whose run, for whose memory, and as what a model gets it. */
export type Scope = AdmissionScope;

/** Of 40 bits: a guest that fills a model's share of an output with guesses has one chance in some hundred million. */
const MARK_CHARACTERS = 10;
/** What a run returned is looked at twice, soon after one another: for its secrets, and as what is handed on. */
const VERDICTS_KEPT_MAX = 16;
/** As long as what it stands for while a text is scanned, so that findings point at the same places. */
const OWN_MARK = "[own ";

/** What was withheld, when even a sentence of ours would not do. */
const NOTHING = "The output is withheld.";

/** The guard as the loop uses it: looks at texts, and makes admissions for those that may enter memory. */
export class Examiner {
  readonly #rules: RuleSet;
  readonly #sinks: readonly Sink[];
  readonly #admitter: Admitter;
  /** Once: bytes would be made a key again for each mark. */
  readonly #markKey: KeyObject;
  readonly #second: (() => Scanner) | undefined;
  /** A delivery asks for its own several times in a row. */
  #lastMark = { runId: "", mark: "" };
  /** By the hash of their content; the oldest first. */
  readonly #verdicts = new Map<string, Verdict>();

  constructor({ rules, sinks, admitter, markKey, second }: ExaminerOptions) {
    this.#rules = rules;
    this.#sinks = sinks;
    this.#admitter = admitter;
    this.#markKey = createSecretKey(markKey);
    this.#second = second;
  }

  get scanOptions(): ScanOptions {
    return { rules: this.#rules, sink: this.#sinks };
  }

  /** By rules alone: what a change set's files, an agent's own words and our own sentences get. */
  scan(content: Uint8Array | string): Verdict {
    return scan(content, this.scanOptions);
  }

  /** The same, without a second look at what was looked at just now. */
  look(content: Uint8Array | string): Verdict {
    const sha256 = sha256Hex(content);
    const known = this.#verdicts.get(sha256);
    if (known !== undefined) return known;
    const verdict = this.scan(content);
    if (this.#verdicts.size >= VERDICTS_KEPT_MAX) this.#verdicts.delete(this.#verdicts.keys().next().value as string);
    this.#verdicts.set(sha256, verdict);
    return verdict;
  }

  /** The mark of what a run returned; the same whenever it is asked for. */
  markOf({ runId }: Pick<Scope, "runId">): string {
    if (this.#lastMark.mark === "" || this.#lastMark.runId !== runId) {
      const mark = createHmac("sha256", this.#markKey).update(runId).digest("hex").slice(0, MARK_CHARACTERS);
      this.#lastMark = { runId, mark };
    }
    return this.#lastMark.mark;
  }

  /** The same for a text that may have this run's own frame around it: imitations of one are found, it is not. */
  scanFramed(text: string, scope: Pick<Scope, "runId">): Verdict {
    return this.#verdictOn(text, this.scan(this.#hideFrame(text, scope)));
  }

  /**
   * The verdict on an output: by rules, and by the second scanner when there is one and the rules did not block already.
   * `raw` are the bytes the text was decoded from, when they are not exactly its UTF-8: what decoding lost is looked at too.
   */
  async examine(text: string, raw: readonly Uint8Array[] = []): Promise<Verdict> {
    let verdict = this.look(text);
    for (const bytes of raw) verdict = stricterVerdict(verdict, this.scan(bytes));
    if (this.#second === undefined || verdict.decision === "block") return verdict;
    const scanner = this.#second();
    scanner.push(Buffer.from(text, "utf8"));
    return stricterVerdict(verdict, await scanner.end());
  }

  /** Undefined unless the verdict on this very text is `admit`. */
  admit(text: string, verdict: Verdict, scope: Scope, labels: readonly Label[] = []): AdmittedText | undefined {
    const { runId, agent } = scope;
    const result = this.#admitter.admit(text, verdict, scope, labels);
    return result.status === "admitted" ? { text, admission: result.admission, runId, agent } : undefined;
  }

  /** For an output that came from trusted mounts alone: undefined only for what nobody could release. */
  admitTrusted(text: string, verdict: Verdict, scope: Scope, labels: readonly Label[]): AdmittedText | undefined {
    const { runId, agent } = scope;
    const result = this.#admitter.admitTrusted(text, verdict, scope, labels);
    return result.status === "admitted" ? { text, admission: result.admission, runId, agent } : undefined;
  }

  /** For a flagged text that a person let through. */
  release(
    text: string,
    verdict: Verdict,
    { reviewer, labels, ...scope }: Scope & { readonly reviewer: string; readonly labels: readonly Label[] },
  ): AdmittedText | undefined {
    const { runId, agent } = scope;
    const result = this.#admitter.release(text, verdict, scope, reviewer, labels);
    return result.status === "admitted" ? { text, admission: result.admission, runId, agent } : undefined;
  }

  /** The text with its control structures broken, a frame of this run kept; what cannot be made harmless is withheld. */
  neutralised(text: string, verdict: Verdict, scope: Scope, labels: readonly Label[]): AdmittedText {
    const neutral = neutralise(this.#hideFrame(text, scope), verdict.findings, this.scanOptions);
    const shown = neutral.text.replaceAll(`${OWN_MARK}${this.markOf(scope)}`, markOf(this.markOf(scope)));
    return this.admit(shown, this.#verdictOn(shown, neutral.verdict), scope, labels) ?? this.say(NOTHING, scope);
  }

  /** A sentence of ours, in a frame; should a name in it offend the guard, one without. */
  say(sentence: string, scope: Scope): AdmittedText {
    const said = this.#said(sentence, scope) ?? this.#said(NOTHING, scope);
    invariant(said !== undefined, "the guard admits the loop's own sentence");
    return said;
  }

  #said(sentence: string, scope: Scope): AdmittedText | undefined {
    const text = frame({ sections: [], notes: [sentence] }, this.markOf(scope), Infinity);
    return this.admit(text, this.scanFramed(text, scope), scope);
  }

  #hideFrame(text: string, scope: Pick<Scope, "runId">): string {
    const mark = this.markOf(scope);
    return text.replaceAll(markOf(mark), `${OWN_MARK}${mark}`);
  }

  /** The verdict on the text as it looks without its frame is the verdict on it. */
  #verdictOn(text: string, verdict: Verdict): Verdict {
    return { ...verdict, contentSha256: sha256Hex(text) };
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
