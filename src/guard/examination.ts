import { isAscii } from "node:buffer";
import type { Decoding } from "./finding.ts";
import { Findings } from "./findings.ts";
import type { GuardLimits } from "./limits.ts";
import { walkJson } from "./matching/json-walker.ts";
import { isAt } from "./matching/places.ts";
import type { Span } from "./matching/shapes.ts";
import type { Sink } from "./rule.ts";
import type { Probe, RuleSet } from "./rule-set.ts";
import { decodeLevel } from "./views/decode.ts";
import { decodeHidden } from "./views/hidden.ts";
import { type DecodedRuns, decodeRuns } from "./views/runs.ts";
import { contentView, levelView, runsView, type View } from "./views/view.ts";

const NEVER = -0x40000000;

/** Looks at one complete content: as it is, and at everything that decodes from it, within the limits. */
export class Examination {
  readonly findings: Findings;
  readonly #rules: RuleSet;
  readonly #limits: GuardLimits;
  readonly #span: Span = { start: 0, end: 0 };
  #decodedBytesLeft: number;

  constructor(rules: RuleSet, limits: GuardLimits, sink: Sink, contentBytes: number) {
    this.#rules = rules;
    this.#limits = limits;
    this.findings = new Findings(rules.rules, limits, sink);
    this.#decodedBytesLeft = limits.decodedBytesBase + contentBytes * limits.decodedBytesPerInputByte;
  }

  run(content: Uint8Array): void {
    const view = contentView(content);
    this.#visit(view);
  }

  #visit(view: View): void {
    if (this.findings.overflow) return;
    if (this.#probe(view)) this.#walk(view);
    if (this.findings.overflow) return;
    if (view.depth >= this.#limits.decodeDepth) this.#expectNothingLeft(view);
    else this.#descend(view);
  }

  /** Everything that can be decoded from a view, one level down. */
  #descend(view: View): void {
    const isLast = view.depth + 1 === this.#limits.decodeDepth;
    const level = decodeLevel(view.bytes, isLast);
    if (level !== undefined) this.#decoded(level.bytes.length, () => levelView(view, level.bytes, level.map));
    const { base64, hex } = decodeRuns(view.bytes, (start, end) => view.isNew(start, end));
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

  #decoded(bytes: number, view: () => View): void {
    this.#decodedBytesLeft -= bytes;
    if (this.#decodedBytesLeft < 0) this.findings.limit("limit.decoded-bytes", 0, 0);
    else this.#visit(view());
  }

  #expectNothingLeft(view: View): void {
    const level = decodeLevel(view.bytes, true);
    if (level?.encoded !== true) return;
    const { start, end } = view.origin(0, view.bytes.length);
    this.findings.limit("limit.decode-depth", start, end);
  }

  /** Runs all literals over the view. True when it may hold JSON objects that rules describe. */
  #probe(view: View): boolean {
    const bytes = view.bytes;
    const lastLead = new Int32Array(this.#rules.sequences).fill(NEVER);
    let wakesWalker = false;
    const findings = this.findings;
    this.#rules.probe(bytes, (probe, end) => {
      if (probe.role === "object") {
        wakesWalker = true;
        return true;
      }
      if (findings.isFull(probe.rule, view.depth)) return true;
      const span = this.#span;
      span.start = end - probe.bytes.length;
      span.end = end;
      // The second half of a sequence is only looked at when the first half was near.
      const isFollow = probe.role === "follow";
      const lead = isFollow ? (lastLead[probe.sequence] as number) : NEVER;
      if (isFollow && (lead >= span.start || span.start - lead > probe.withinBytes)) return true;
      if (!this.#holds(probe, bytes, span)) return true;
      if (probe.role === "lead") {
        lastLead[probe.sequence] = span.start;
        return true;
      }
      if (isFollow) span.start = lead;
      return findings.add(probe.rule, view, span.start, span.end);
    });
    return wakesWalker;
  }

  #holds(probe: Probe, bytes: Uint8Array, span: Span): boolean {
    const { trigger, shape } = probe;
    if (probe.exact && !sameBytes(bytes, span.start, probe.bytes)) return false;
    if (trigger.at !== undefined && !isAt(trigger.at, bytes, span.start, span.end)) return false;
    return shape === undefined || shape(bytes, span, trigger);
  }

  #walk(view: View): void {
    const result = walkJson(view.bytes, this.#rules.objects, this.#limits.jsonDepth, (rule, start, end) =>
      this.findings.add(rule, view, start, end),
    );
    if (result === "too-deep") this.findings.limit("limit.json-depth", 0, 0);
  }
}

function sameBytes(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
