import { isAscii } from "node:buffer";
import type { Decoding } from "./finding.ts";
import { Findings } from "./findings.ts";
import type { GuardLimits } from "./limits.ts";
import { APOSTROPHE, QUOTE } from "./matching/bytes.ts";
import type { Choices } from "./matching/choices.ts";
import { nextToken } from "./matching/json-objects.ts";
import { type Opener, walkJson } from "./matching/json-walker.ts";
import type { LiteralHits } from "./matching/literal-hits.ts";
import { isAt } from "./matching/places.ts";
import type { Span } from "./matching/shapes.ts";
import { valueEnd, valueStart } from "./matching/shapes-json.ts";
import type { Sink } from "./rule.ts";
import type { Gate, Probe, RuleSet } from "./rule-set.ts";
import { decodeLevel } from "./views/decode.ts";
import { decodeHidden } from "./views/hidden.ts";
import type { DecodedRuns } from "./views/run-writer.ts";
import { decodeRuns } from "./views/runs.ts";
import { contentView, levelView, runsView, type View } from "./views/view.ts";

const NEVER = -0x40000000;
const COLON = 0x3a;

/** Where the last key is, by its quote, that some rule on objects names; 0 for none. Objects that begin behind it have none. */
interface LastKeys {
  readonly quote: number;
  readonly apostrophe: number;
}

/** Looks at one complete content: as it is, and at everything that decodes from it, within the limits. */
export class Examination {
  readonly findings: Findings;
  readonly #rules: RuleSet;
  readonly #limits: GuardLimits;
  readonly #span: Span = { start: 0, end: 0 };
  #decodedBytesLeft: number;
  #candidatesLeft: number;

  constructor(rules: RuleSet, limits: GuardLimits, sinks: readonly Sink[], contentBytes: number) {
    this.#rules = rules;
    this.#limits = limits;
    this.findings = new Findings(rules.rules, limits, sinks);
    this.#decodedBytesLeft = limits.decodedBytesBase + contentBytes * limits.decodedBytesPerInputByte;
    this.#candidatesLeft = limits.candidatesBase + contentBytes * limits.candidatesPerInputByte;
  }

  run(content: Uint8Array): void {
    this.#visit(contentView(content));
  }

  /** `sourceHits`: what literals there are in the text that the view was made of. */
  #visit(view: View, sourceHits?: LiteralHits): void {
    if (this.#candidatesLeft < 0) return;
    const { lastKeys, hits } = this.#probe(view, sourceHits);
    if (lastKeys.quote > 0) this.#walk(view, QUOTE, lastKeys.quote);
    if (lastKeys.apostrophe > 0) this.#walk(view, APOSTROPHE, lastKeys.apostrophe);
    if (view.depth >= this.#limits.decodeDepth) this.#expectNothingLeft(view);
    else this.#descend(view, hits);
  }

  /** Everything that can be decoded from a view, one level down. */
  #descend(view: View, hits: LiteralHits): void {
    const isLast = view.depth + 1 === this.#limits.decodeDepth;
    const level = decodeLevel(view.bytes, isLast, view.stretches);
    if (level !== undefined) this.#decoded(level.bytes.length, () => levelView(view, level), hits);
    const { base64, hex } = decodeRuns(view.bytes, (start, end) => view.isNew(start, end), view.stretches);
    this.#runs(view, base64, "base64");
    this.#runs(view, hex, "hex");
    if (isAscii(view.bytes)) return;
    const { tags, selectors } = decodeHidden(view.bytes);
    this.#runs(view, tags, "unicode-tags");
    this.#runs(view, selectors, "variation-selectors");
  }

  #runs(view: View, runs: DecodedRuns | undefined, decoding: Decoding): void {
    if (runs !== undefined) this.#decoded(runs.bytes.length, () => runsView(view, runs, decoding));
  }

  #decoded(bytes: number, view: () => View, sourceHits?: LiteralHits): void {
    this.#decodedBytesLeft -= bytes;
    if (this.#decodedBytesLeft < 0) this.findings.limit("limit.decoded-bytes", 0, 0);
    else this.#visit(view(), sourceHits);
  }

  #expectNothingLeft(view: View): void {
    if (!this.#isEncoded(view)) return;
    const { start, end } = view.origin(0, view.bytes.length);
    this.findings.limit("limit.decode-depth", start, end);
  }

  /** Whether any of the ways that {@link #descend} goes would lead further. */
  #isEncoded({ bytes, isNew, stretches }: View): boolean {
    if (decodeLevel(bytes, true, stretches)?.encoded === true) return true;
    const { base64, hex } = decodeRuns(bytes, isNew, stretches);
    if (base64 !== undefined || hex !== undefined) return true;
    if (isAscii(bytes)) return false;
    const { tags, selectors } = decodeHidden(bytes);
    return tags !== undefined || selectors !== undefined;
  }

  /** Runs all literals over the view. Says up to where it may hold objects that rules describe. */
  #probe(view: View, sourceHits: LiteralHits | undefined): { readonly lastKeys: LastKeys; readonly hits: LiteralHits } {
    const bytes = view.bytes;
    const lastLead = new Int32Array(this.#rules.sequences).fill(NEVER);
    const lastKeys = { quote: 0, apostrophe: 0 };
    const copied = sourceHits && { stretches: view.stretches, hits: sourceHits };
    const look = (gate: Gate, end: number): boolean => {
      if (--this.#candidatesLeft < 0) return this.findings.limit("limit.candidates", 0, 0);
      const span = this.#span;
      span.start = end - gate.bytes.length;
      span.end = end;
      if (!holds(gate, bytes, span)) return true;
      if (gate.choices !== undefined) return this.#choose(gate.choices, view, lastLead);
      const { start, end: spanEnd } = span;
      for (const probe of gate.probes) {
        if (probe.role === "object") {
          if (bytes[nextToken(bytes, end)] === COLON) lastKeys[bytes[end - 1] === QUOTE ? "quote" : "apostrophe"] = end;
        } else this.#found(probe, view, start, spanEnd, lastLead);
      }
      return true;
    };
    const hits = this.#rules.probe(bytes, look, copied);
    return { lastKeys, hits };
  }

  /** What the value of a key means for the rules that name one. */
  #choose(choices: Choices, view: View, lastLead: Int32Array): true {
    const { start, end: keyEnd } = this.#span;
    const first = valueStart(view.bytes, keyEnd);
    if (first < 0) return true;
    for (const { value, probes } of choices.beginningWith(view.bytes[first])) {
      const end = valueEnd(view.bytes, first, value);
      if (end >= 0) for (const probe of probes) this.#found(probe, view, start, end, lastLead);
    }
    return true;
  }

  /** What a literal that counts means for one rule. */
  #found(probe: Probe, view: View, start: number, end: number, lastLead: Int32Array): void {
    if (probe.role === "lead") lastLead[probe.sequence] = start;
    else if (probe.role === "match") this.findings.add(probe.rule, view, start, end);
    else {
      const lead = lastLead[probe.sequence] as number;
      if (lead < start && start - lead <= probe.withinBytes) this.findings.add(probe.rule, view, lead, end);
    }
  }

  #walk(view: View, opener: Opener, lastKey: number): void {
    const limits = { depth: this.#limits.jsonDepth, tokens: this.#candidatesLeft, lastKey };
    const { result, tokens } = walkJson(view.bytes, this.#rules.objects, limits, opener, (rule, start, end) => {
      this.findings.add(rule, view, start, end);
      return true;
    });
    this.#candidatesLeft -= tokens;
    if (result === "too-deep") this.findings.limit("limit.json-depth", 0, 0);
    if (result === "too-many") this.findings.limit("limit.candidates", 0, 0);
  }
}

/** Whether the literal counts where it stands; its shape may move the span's ends. */
function holds({ trigger, shape, exact, bytes: literal }: Gate, bytes: Uint8Array, span: Span): boolean {
  if (exact && !sameBytes(bytes, span.start, literal)) return false;
  if (trigger.at !== undefined && !isAt(trigger.at, bytes, span.start, span.end)) return false;
  return shape === undefined || shape(bytes, span, trigger);
}

function sameBytes(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
