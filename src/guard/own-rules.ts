import { defined } from "../base/optional.ts";
import { isRecord } from "../base/record.ts";
import { parseJson } from "../base/strict-json.ts";
import { ZtlError } from "../errors.ts";
import { SEVERITIES, type Severity } from "./finding.ts";
import type { Pattern, Place, Rule, Sink } from "./rule.ts";
import { SINKS } from "./rule.ts";
import { RuleSet } from "./rule-set.ts";
import { BUILT_IN_RULES } from "./rules/index.ts";

/** A file of own rules holds names and phrases of one organisation: some hundreds, each a line. */
export const OWN_RULES_BYTES_MAX = 1024 * 1024;
const RULES_MAX = 500;
const TEXTS_MAX = 256;
/** All own literals together, each byte a state of the automaton: a third of those that it has, and ours take less than half. */
const LITERAL_BYTES_MAX = 6000;
const TEXT_UNITS_MAX = 200;

const PLACES: ReadonlySet<unknown> = new Set<Place>([
  "anywhere",
  "line-start",
  "whole-line",
  "paragraph-start",
  "word",
]);
const MEMBERS = new Set(["id", "severity", "meaning", "reason", "texts", "anyCase", "at", "objects", "sinks"]);

/**
 * The rules this package ships and those of a file: `{ "rules": [{ "id": "own.codename", "severity": "medium", "meaning": "…",
 * "reason": "…", "texts": ["…"] }] }`. They are data, checked member by member, and part of the rule set's hash, so that whatever
 * was admitted without them is looked at again. Throws ZtlError `rules-invalid`, `rules-too-many`, or what `parseJson` throws.
 */
export function withOwnRules(source: Uint8Array | string): RuleSet {
  const value = parseJson(source, { bytesMax: OWN_RULES_BYTES_MAX, depthMax: 8 });
  if (
    !isRecord(value) ||
    !Array.isArray(value.rules) ||
    Object.keys(value).some((key) => key !== "rules" && key !== "$schema")
  )
    throw invalid("an object with the one member rules, a list", "");
  if (value.rules.length > RULES_MAX) throw invalid(`at most ${RULES_MAX} rules`, "");
  const own = value.rules.map((rule: unknown, index: number) => ownRule(rule, `rules[${index}]`));
  const ids = new Set(own.map(({ id }) => id));
  if (ids.size < own.length) throw invalid("an id of its own for each rule", "rules");
  const bytes = own.flatMap(({ patterns }) => patterns).reduce((sum, pattern) => sum + lengthOf(pattern), 0);
  if (bytes > LITERAL_BYTES_MAX) throw invalid(`texts of at most ${LITERAL_BYTES_MAX} bytes together`, "rules");
  return new RuleSet([...BUILT_IN_RULES, ...own]);
}

function lengthOf(pattern: Pattern): number {
  return pattern.kind === "trigger" ? Buffer.byteLength(pattern.trigger.text) : 0;
}

function ownRule(value: unknown, where: string): Rule {
  if (!isRecord(value)) throw invalid("an object", where);
  const unknown = Object.keys(value).find((key) => !MEMBERS.has(key));
  if (unknown !== undefined) throw invalid(`only ${[...MEMBERS].join(", ")}; found ${JSON.stringify(unknown)}`, where);
  const { id, severity, meaning, reason, sinks } = value;
  if (typeof id !== "string" || !/^own\.[a-z0-9-]{1,40}$/.test(id))
    throw invalid("an id such as own.codename", `${where}.id`);
  if (!isSeverity(severity)) throw invalid(`one of ${SEVERITIES.join(", ")}`, `${where}.severity`);
  if (!isText(meaning, 400)) throw invalid("a sentence for reviewers", `${where}.meaning`);
  if (!isReason(reason)) throw invalid("a few plain words for models, such as names a project", `${where}.reason`);
  const patterns = [...textPatterns(value, where), ...objectPatterns(value.objects, where)];
  if (patterns.length === 0) throw invalid("texts or objects to look for", where);
  return {
    id,
    family: "own",
    severity,
    meaning,
    reason,
    patterns,
    ...defined({ sinks: sinks === undefined ? undefined : sinksOf(sinks, where) }),
  };
}

function textPatterns(
  { texts = [], anyCase = false, at }: Readonly<Record<string, unknown>>,
  where: string,
): Pattern[] {
  if (
    !Array.isArray(texts) ||
    texts.length > TEXTS_MAX ||
    !texts.every((text) => isText(text, TEXT_UNITS_MAX) && text.length >= 3)
  )
    throw invalid(`at most ${TEXTS_MAX} texts of 3 to ${TEXT_UNITS_MAX} characters`, `${where}.texts`);
  if (typeof anyCase !== "boolean") throw invalid("true or false", `${where}.anyCase`);
  if (at !== undefined && !PLACES.has(at)) throw invalid(`one of ${[...PLACES].join(", ")}`, `${where}.at`);
  const place = defined({ at: at as Place | undefined });
  return texts.map((text: string) => ({ kind: "trigger", trigger: { text, anyCase, ...place } }));
}

/** Lists of terms (`key`, `key:kind`, `key=string`) that one JSON object has. */
function objectPatterns(objects: unknown = [], where: string): Pattern[] {
  const isTerms = (terms: unknown): boolean =>
    Array.isArray(terms) && terms.length > 0 && terms.length <= 8 && terms.every((term) => isText(term, 80));
  if (!Array.isArray(objects) || objects.length > 8 || !objects.every(isTerms))
    throw invalid('at most 8 lists of 1 to 8 terms, such as ["role=root", "content"]', `${where}.objects`);
  return objects.map((all: string[]) => ({ kind: "object", all }));
}

function sinksOf(sinks: unknown, where: string): Partial<Record<Sink, Severity>> {
  const known: readonly string[] = SINKS;
  if (
    !isRecord(sinks) ||
    !Object.entries(sinks).every(([sink, severity]) => known.includes(sink) && isSeverity(severity))
  )
    throw invalid(`a severity for some of ${SINKS.join(", ")}`, `${where}.sinks`);
  return sinks as Partial<Record<Sink, Severity>>;
}

const isSeverity = (value: unknown): value is Severity => (SEVERITIES as readonly unknown[]).includes(value);

function isText(value: unknown, unitsMax: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= unitsMax && value.isWellFormed();
}

/** As `RuleSet` wants it: a model reads it. */
function isReason(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]{1,80}$/.test(value) && !/[<>[\]{}|]/.test(value);
}

function invalid(expected: string, where: string): ZtlError {
  return new ZtlError("rules-invalid", `Own rules: expected ${expected}${where === "" ? "" : ` at ${where}`}`, {
    where,
  });
}
