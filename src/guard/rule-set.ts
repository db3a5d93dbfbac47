import { canonicalise } from "../base/canonical-json.ts";
import { deepFreeze } from "../base/deep-freeze.ts";
import { sha256Hex } from "../base/sha256.ts";
import { invariant } from "../errors.ts";
import { SEVERITIES } from "./finding.ts";
import { Automaton } from "./matching/automaton.ts";
import { Choices } from "./matching/choices.ts";
import { ObjectRules } from "./matching/json-objects.ts";
import { LiteralHits } from "./matching/literal-hits.ts";
import { NEXT_BYTE } from "./matching/next-byte.ts";
import { ENGINE_VERSION, SHAPES, type Shape } from "./matching/shapes.ts";
import type { Pattern, Rule, Trigger } from "./rule.ts";
import { BUILT_IN_RULES } from "./rules/index.ts";
import type { Stretch } from "./views/stretches.ts";

/** A literal in the automaton, and what must be true around it. Triggers that are the same share one. */
export interface Gate {
  readonly trigger: Trigger;
  readonly bytes: Uint8Array;
  /** Bytes must be equal, not only up to case. */
  readonly exact: boolean;
  readonly shape: Shape | undefined;
  /** What follows from it when it holds. */
  readonly probes: readonly Probe[];
  /** Of a key, instead: what follows from each value that some rule names. */
  readonly choices?: Choices;
}

/** What a literal that counts means for a rule. */
export interface Probe {
  readonly rule: number;
  /** `match` is a finding by itself; `lead` and `follow` are the halves of a sequence; `object` wakes the JSON walker. */
  readonly role: "match" | "lead" | "follow" | "object";
  /** Number of the sequence, else -1. */
  readonly sequence: number;
  readonly withinBytes: number;
}

/**
 * The rules in force: checked, deeply frozen and hashed when made, compiled into one automaton. Nothing about it can
 * be changed afterwards; another set of rules is another object with another hash.
 */
export class RuleSet {
  readonly rules: readonly Rule[];
  /** SHA-256 (hex) of the rules' canonical JSON and the engine's version. */
  readonly hash: string;
  readonly #gates: readonly Gate[];
  readonly #automaton: Automaton;
  readonly #objects: ObjectRules;
  readonly sequences: number;

  constructor(rules: readonly Rule[] = BUILT_IN_RULES) {
    checkRules(rules);
    this.rules = deepFreeze(structuredClone(rules));
    this.hash = hashOf(this.rules);
    this.#objects = new ObjectRules(this.rules);
    const { gates, sequences } = compile(this.rules, this.#objects.wakingKeys);
    this.#gates = gates;
    this.sequences = sequences;
    this.#automaton = new Automaton(
      gates.map(({ bytes, trigger: { shape } }) => ({ bytes, nextByte: shape && NEXT_BYTE[shape] })),
    );
    Object.freeze(this);
  }

  get objects(): ObjectRules {
    return this.#objects;
  }

  /**
   * Calls `hit` for every literal found, in order of ends, until it gives false. What was found in the text's source is not searched
   * for again in what was copied from there: a literal ends in it, with the byte behind it, as it does there.
   */
  probe(bytes: Uint8Array, hit: (gate: Gate, end: number) => boolean, copied?: Copied): LiteralHits {
    const automaton = this.#automaton;
    const gates = this.#gates;
    const hits = new LiteralHits();
    const found = (number: number, end: number): boolean => {
      hits.add(number, end);
      return hit(gates[number] as Gate, end);
    };
    let next = 1;
    for (const { out, source, length } of copied?.hits.isWhole ? copied.stretches : []) {
      const [first, last] = [out + automaton.longest, out + length - 1];
      if (last < first) continue;
      if (!automaton.scan(bytes, next, first - 1, found)) return hits;
      if (!copied?.hits.replay(first + source - out, last + source - out, out - source, found)) return hits;
      next = last + 1;
    }
    automaton.scan(bytes, next, bytes.length, found);
    return hits;
  }
}

/** What was copied of a text that was made from another, and what was found in that one. */
export interface Copied {
  readonly stretches: readonly Stretch[];
  readonly hits: LiteralHits;
}

let builtIn: RuleSet | undefined;

/** The rules this package ships, compiled once for the process. */
export function builtInRules(): RuleSet {
  builtIn ??= new RuleSet();
  return builtIn;
}

/** The built-in rules take some 60 KB as JSON. */
const RULES_BYTES_MAX = 64 * 1024 * 1024;

function hashOf(rules: readonly Rule[]): string {
  return sha256Hex(canonicalise({ engine: ENGINE_VERSION, rules }, { bytesMax: RULES_BYTES_MAX, depthMax: 100 }));
}

function checkRules(rules: readonly Rule[]): void {
  const ids = new Set(rules.map(({ id }) => id));
  invariant(ids.size === rules.length, "every rule has an id of its own");
  for (const { id, severity, reason, patterns } of rules) {
    invariant(SEVERITIES.includes(severity), `rule ${id} has a known severity`);
    invariant(/^[\x20-\x7e]{1,80}$/.test(reason) && !/[<>[\]{}|]/.test(reason), `rule ${id} has a plain, short reason`);
    for (const { text, shape } of patterns.flatMap(triggersOf)) {
      invariant(text.length > 0, `rule ${id} has no empty literal`);
      invariant(shape === undefined || Object.hasOwn(SHAPES, shape), `rule ${id} names a known shape`);
    }
  }
}

function triggersOf(pattern: Pattern): readonly Trigger[] {
  if (pattern.kind === "trigger") return [pattern.trigger];
  return pattern.kind === "sequence" ? [...pattern.leads, ...pattern.follows] : [];
}

function compile(rules: readonly Rule[], wakingKeys: readonly string[]): { gates: Gate[]; sequences: number } {
  const gates = new Map<string, Gate & { readonly probes: Probe[] }>();
  let sequences = 0;
  const add = (trigger: Trigger, rule: number, role: Probe["role"], sequence = -1, withinBytes = 0): void => {
    const { text, anyCase, at, shape, values } = trigger;
    // One text may be full of one key, and many rules name values of it: it is read once for all of them.
    const choices = shape === "json-value" ? new Choices() : undefined;
    const key = JSON.stringify([text, anyCase, at, shape, choices === undefined ? values : undefined]);
    const exact = anyCase !== true && /[a-z]/i.test(text);
    const gate = gates.get(key) ?? {
      trigger,
      bytes: encode(text),
      exact,
      shape: choices === undefined ? shape && SHAPES[shape] : undefined,
      probes: [],
      ...(choices && { choices }),
    };
    gates.set(key, gate);
    const probe = { rule, role, sequence, withinBytes };
    if (gate.choices === undefined) gate.probes.push(probe);
    else for (const value of values ?? []) gate.choices.add(value, probe);
  };
  rules.forEach((rule, number) => {
    for (const pattern of rule.patterns) {
      if (pattern.kind === "trigger") add(pattern.trigger, number, "match");
      if (pattern.kind !== "sequence") continue;
      const sequence = sequences++;
      for (const trigger of pattern.follows) add(trigger, number, "follow", sequence, pattern.withinBytes);
      for (const trigger of pattern.leads) add(trigger, number, "lead", sequence);
    }
  });
  // Only the end of the key, so that one that is partly escaped is noticed too.
  for (const key of wakingKeys)
    for (const quote of ['"', "'"]) add({ text: `${key}${quote}`, anyCase: true }, -1, "object");
  return { gates: [...gates.values()], sequences };
}

/** A copy, as a Buffer may share its pool. */
function encode(text: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(text));
}
