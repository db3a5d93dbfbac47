import type { Family, Severity } from "./finding.ts";
import type { ShapeName } from "./matching/shapes.ts";

/** Where a trigger counts. `line-start` allows indentation, quotes and markdown markers before it. */
export type Place = "anywhere" | "line-start" | "whole-line" | "paragraph-start" | "word" | "word-start" | "text-end";

/**
 * Where the content is going, when that makes more of a finding: `rendered` is a viewer of Markdown or HTML, which loads what the
 * text names without asking.
 */
export const SINKS = Object.freeze(["memory", "template", "terminal", "rendered"] as const);
export type Sink = (typeof SINKS)[number];

/** Literal text, and optionally a hand-written shape that must hold around it. */
export interface Trigger {
  readonly text: string;
  readonly at?: Place;
  /** ASCII letters match in either case. Shapes and places are checked on the bytes as they are. */
  readonly anyCase?: boolean;
  readonly shape?: ShapeName;
  /** Argument of the shape, for example the values of a JSON key. */
  readonly values?: readonly string[];
}

export type Pattern =
  | { readonly kind: "trigger"; readonly trigger: Trigger }
  /** One of `leads`, then one of `follows` at most so many bytes later. */
  | {
      readonly kind: "sequence";
      readonly leads: readonly Trigger[];
      readonly follows: readonly Trigger[];
      readonly withinBytes: number;
    }
  /** One JSON object with all of these: `key`, `key:kind` (string, object, array, number) or `key=string`. */
  | { readonly kind: "object"; readonly all: readonly string[]; readonly membersMax?: number };

/** One rule, as data: the functions it names live in `matching/`. */
export interface Rule {
  readonly id: string;
  readonly family: Family;
  readonly severity: Severity;
  /** For people: what the structure does and where it comes from. */
  readonly meaning: string;
  /** For a model: short, without content. */
  readonly reason: string;
  readonly patterns: readonly Pattern[];
  /** Severity when it only appears after decoding: source code writes `"\033[8m"` for good reasons. */
  readonly decodedSeverity?: Severity;
  /** Severity when the content goes to this sink. */
  readonly sinks?: Readonly<Partial<Record<Sink, Severity>>>;
}

export function literals(...texts: readonly string[]): Pattern[] {
  return texts.map((text) => ({ kind: "trigger", trigger: { text } }));
}

export function placed(at: Place, ...texts: readonly string[]): Pattern[] {
  return texts.map((text) => ({ kind: "trigger", trigger: { text, at } }));
}

export function anyCase(...texts: readonly string[]): Pattern[] {
  return texts.map((text) => ({ kind: "trigger", trigger: { text, anyCase: true } }));
}

export function shaped(shape: ShapeName, ...texts: readonly string[]): Pattern[] {
  return texts.map((text) => ({ kind: "trigger", trigger: { text, shape } }));
}

export function shapedAnyCase(shape: ShapeName, ...texts: readonly string[]): Pattern[] {
  return texts.map((text) => ({ kind: "trigger", trigger: { text, shape, anyCase: true } }));
}

/** A JSON or Python dictionary key (either quote) whose value is one of the given strings or numbers. */
export function keyed(key: string, ...values: readonly string[]): Pattern[] {
  return [`"${key}"`, `'${key}'`].map((text) => ({
    kind: "trigger",
    trigger: { text, shape: "json-value", values },
  }));
}

/** Tags, in any case, with this attribute in any place; when values are given, with one of them. */
export function tagged(names: readonly string[], attribute: string, ...values: readonly string[]): Pattern[] {
  return names.map((name) => ({
    kind: "trigger",
    trigger: { text: `<${name}`, shape: "tag-attribute", anyCase: true, values: [attribute, ...values] },
  }));
}

/** Tags of these names, opening or closing, in any case and with any attributes. */
export function tagNames(...names: readonly string[]): Pattern[] {
  return shapedAnyCase("tag-end", ...names.flatMap((name) => [`<${name}`, `</${name}`]));
}

/** A JSON key whose value is an object or an array of objects. */
export function keyedObject(key: string): Pattern[] {
  return [`"${key}"`, `'${key}'`].map((text) => ({ kind: "trigger", trigger: { text, shape: "json-container" } }));
}

/** As `object`, of an object with so many members at most: a larger one is some record that has these names too. */
export function smallObject(membersMax: number, ...all: readonly string[]): Pattern {
  return { kind: "object", all, membersMax };
}

export function object(...all: readonly string[]): Pattern {
  return { kind: "object", all };
}

/** One of `leads`, then one of `follows` at most so many bytes later. Both are made of plain triggers. */
export function inSequence(leads: readonly Pattern[], follows: readonly Pattern[], withinBytes: number): Pattern {
  const triggers = (patterns: readonly Pattern[]): Trigger[] =>
    patterns.flatMap((pattern) => (pattern.kind === "trigger" ? [pattern.trigger] : []));
  return { kind: "sequence", leads: triggers(leads), follows: triggers(follows), withinBytes };
}
