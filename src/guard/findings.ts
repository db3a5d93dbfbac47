import { excerptOf } from "./excerpt.ts";
import { atLeast, type Decoding, type Finding, type Severity, severityRank } from "./finding.ts";
import type { GuardLimits } from "./limits.ts";
import type { Rule, Sink } from "./rule.ts";
import type { View } from "./views/view.ts";

/** Limits of the guard itself. Going over one withholds the content until a person has looked: what lies beyond was not checked. */
export type LimitRule =
  | "limit.input-bytes"
  | "limit.decoded-bytes"
  | "limit.decode-depth"
  | "limit.candidates"
  | "limit.findings"
  | "limit.json-depth";

const LIMIT_REASONS: Readonly<Record<LimitRule, string>> = Object.freeze({
  "limit.input-bytes": "is longer than can be checked",
  "limit.decoded-bytes": "decodes to more than can be checked",
  "limit.decode-depth": "is encoded more deeply than can be checked",
  "limit.candidates": "contains more beginnings of control structures than can be checked",
  "limit.findings": "contains more control structures than can be listed",
  "limit.json-depth": "is nested more deeply than can be checked",
});

/** Decodings that nobody applies by accident: what they hide weighs one step more. */
const HIDING: ReadonlySet<Decoding> = new Set<Decoding>(["unicode-tags", "variation-selectors", "overlong-utf8"]);

/** Command strings this close to a control structure count as much as one. */
const ESCALATION_BYTES = 4096;

/** Collects findings within the limits, each once however many views show it. */
export class Findings {
  readonly #limits: GuardLimits;
  readonly #rules: readonly Rule[];
  /** Severity of each rule in the content itself, and in what decodes from it. */
  readonly #plain: readonly Severity[];
  readonly #decoded: readonly Severity[];
  readonly #infoCounts: Int32Array;
  readonly #list: Finding[] = [];
  readonly #known = new Set<string>();
  /** For each rule, the decoded run of which the view last told: further ones in it would be the same finding. */
  readonly #lastPlaces: Float64Array;
  #lastView: View | undefined;
  /** Rules with a finding in the list; once that is full, further ones of theirs are only counted. */
  readonly #listed: Uint8Array;
  readonly #limitsHit = new Set<LimitRule>();
  #serious = 0;
  #unlisted = 0;

  constructor(rules: readonly Rule[], limits: GuardLimits, sinks: readonly Sink[]) {
    this.#rules = rules;
    this.#limits = limits;
    ({ plain: this.#plain, decoded: this.#decoded } = severitiesOf(rules, sinks));
    this.#infoCounts = new Int32Array(rules.length);
    this.#listed = new Uint8Array(rules.length);
    this.#lastPlaces = new Float64Array(rules.length);
  }

  get unlisted(): number {
    return this.#unlisted;
  }

  /**
   * True when a further finding of the rule is only counted, which this does. A full list still takes the first of each rule, plain
   * or decoded, so that many small things never hide a grave one.
   */
  #isFull(rule: number, depth: number): boolean {
    const isInfo = (depth > 0 ? this.#decoded : this.#plain)[rule] === "info";
    if (isInfo && (this.#infoCounts[rule] as number) < this.#limits.infoFindingsPerRule) return false;
    if (!isInfo && this.#serious < this.#limits.findings) return false;
    if (!isInfo && ((this.#listed[rule] as number) & bitOf(depth)) === 0) return false;
    this.#unlisted++;
    return true;
  }

  add(number: number, view: View, start: number, end: number): void {
    if (this.#isFull(number, view.depth)) return;
    const rule = this.#rules[number] as Rule;
    const severity = (view.depth > 0 ? this.#decoded : this.#plain)[number] as Severity;
    if (!view.isNew(start, end) || this.#wasLastPlace(number, view, start, end)) return;
    const origin = view.origin(start, end);
    const key = `${rule.id}:${origin.start}:${origin.end}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    if (severity === "info") this.#infoCounts[number] = (this.#infoCounts[number] as number) + 1;
    else if (++this.#serious === this.#limits.findings) this.limit("limit.findings", origin.start, origin.end);
    this.#listed[number] = (this.#listed[number] as number) | bitOf(view.depth);
    this.#list.push({
      rule: rule.id,
      family: rule.family,
      severity: raise(severity, origin.path),
      ...origin,
      excerpt: excerptOf(view.bytes, start, end),
      reason: rule.reason,
    });
  }

  /** Without making an origin for each: a megabyte of base64 may hold a hundred thousand of one and the same finding. */
  #wasLastPlace(number: number, view: View, start: number, end: number): boolean {
    const place = view.place(start, end);
    if (place < 0) return false;
    if (this.#lastView !== view) this.#lastPlaces.fill(-1);
    this.#lastView = view;
    if (this.#lastPlaces[number] === place) return true;
    this.#lastPlaces[number] = place;
    return false;
  }

  /** Notes, once, that a limit was hit; always false, so that it can end a scan. */
  limit(rule: LimitRule, start: number, end: number): false {
    const reason = LIMIT_REASONS[rule];
    if (!this.#limitsHit.has(rule))
      this.#list.push({ rule, family: "limit", severity: "high", start, end, path: [], excerpt: "", reason });
    this.#limitsHit.add(rule);
    return false;
  }

  /** In the order of the content; the weightier first at the same place. */
  finish(): readonly Finding[] {
    const list = this.#escalated();
    list.sort((a, b) => a.start - b.start || severityRank(b.severity) - severityRank(a.severity) || a.end - b.end);
    return Object.freeze(list.map((finding) => Object.freeze({ ...finding, path: Object.freeze([...finding.path]) })));
  }

  #escalated(): Finding[] {
    const places = this.#list
      .filter(({ family, severity }) => family !== "command" && family !== "limit" && atLeast(severity, "medium"))
      .map(({ start }) => start);
    const beside = (start: number): boolean => places.some((place) => Math.abs(place - start) <= ESCALATION_BYTES);
    return this.#list.map((finding) =>
      finding.family === "command" && finding.severity === "info" && beside(finding.start)
        ? { ...finding, severity: "medium" }
        : finding,
    );
  }
}

function bitOf(depth: number): number {
  return depth > 0 ? 2 : 1;
}

interface Severities {
  readonly plain: readonly Severity[];
  readonly decoded: readonly Severity[];
}

/** By rules and the names of the sinks: worked out once, as a short text takes less time than that. */
const SEVERITIES = new WeakMap<readonly Rule[], Map<string, Severities>>();

function severitiesOf(rules: readonly Rule[], sinks: readonly Sink[]): Severities {
  const bySinks = SEVERITIES.get(rules) ?? new Map<string, Severities>();
  SEVERITIES.set(rules, bySinks);
  const key = sinks.join();
  const known = bySinks.get(key);
  if (known !== undefined) return known;
  const severities = {
    plain: rules.map((rule) => severityFor(rule, rule.severity, sinks)),
    decoded: rules.map((rule) => severityFor(rule, rule.decodedSeverity ?? rule.severity, sinks)),
  };
  bySinks.set(key, severities);
  return severities;
}

/** The gravest of what the rule says for itself and for each place the content goes to. */
function severityFor(rule: Rule, severity: Severity, sinks: readonly Sink[]): Severity {
  return sinks.reduce((gravest, sink) => {
    const forSink = rule.sinks?.[sink];
    return forSink !== undefined && atLeast(forSink, gravest) ? forSink : gravest;
  }, severity);
}

function raise(severity: Severity, path: readonly Decoding[]): Severity {
  if (!path.some((decoding) => HIDING.has(decoding))) return severity;
  if (severity === "medium") return "high";
  return severity === "high" ? "critical" : severity;
}
