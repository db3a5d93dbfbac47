import { z } from "zod";
import { ZtlError } from "../errors.ts";
import { TAINT_JSON_LABELS_MAX, TAINT_LABELS_MAX } from "./limits.ts";
import { NAME } from "./names.ts";

export type Trust = "trusted" | "untrusted";
export type Confidentiality = "public" | "private";

/** Stands for every source of its kind, once there are too many to name. */
const MANY_SOURCES = "*";

const labelSchema = z.strictObject({
  source: z.union([z.literal(MANY_SOURCES), z.string().regex(NAME)]),
  trust: z.enum(["trusted", "untrusted"]),
  confidentiality: z.enum(["public", "private"]),
});

/** Where content came from and what that means for it. The source is a name of the configuration, such as a tool's. */
export type Label = Readonly<z.infer<typeof labelSchema>>;

/**
 * What a conversation has taken in: a set of labels that only ever grows. Immutable. It keeps {@link TAINT_LABELS_MAX} labels
 * apart; beyond, the sources of one kind become one label, so that it may forget who but never what.
 */
export class Taint {
  static readonly none: Taint = new Taint([]);

  /** Sorted by name. */
  readonly labels: readonly Label[];
  readonly isUntrusted: boolean;
  readonly isPrivate: boolean;

  private constructor(labels: readonly Label[]) {
    this.labels = Object.freeze(labels);
    this.isUntrusted = labels.some(({ trust }) => trust === "untrusted");
    this.isPrivate = labels.some(({ confidentiality }) => confidentiality === "private");
    Object.freeze(this);
  }

  /** Throws ZtlError `taint-invalid` for a label that is none. */
  static of(...labels: readonly Label[]): Taint {
    return Taint.none.join(...labels);
  }

  /** This and the others together. Throws ZtlError `taint-invalid` for a label that is none. */
  join(...others: readonly (Taint | Label)[]): Taint {
    const byName = new Map(this.labels.map((label) => [nameOf(label), label]));
    const known = byName.size;
    for (const label of others.flatMap((other) => (other instanceof Taint ? other.labels : [checkLabel(other)])))
      byName.set(nameOf(label), label);
    // Most content comes from where some came from before.
    if (byName.size === known) return this;
    return new Taint(sorted(bounded(sorted([...byName.values()]))));
  }

  /** Such as `untrusted:read_page`, `private:read_mail`, `untrusted+private:search`, `trusted:clock`. */
  names(): readonly string[] {
    return this.labels.map(nameOf);
  }

  /** Plain data for {@link parseTaint}; equal taints give equal text. */
  toJson(): readonly Label[] {
    return this.labels;
  }
}

/** Reads what `toJson` gave. Throws ZtlError `taint-invalid`. */
export function parseTaint(json: unknown): Taint {
  if (!Array.isArray(json) || json.length > TAINT_JSON_LABELS_MAX)
    throw invalidTaint(`an array of at most ${TAINT_JSON_LABELS_MAX} labels`);
  return Taint.of(...(json as readonly Label[]));
}

/** Frozen, so that what was checked once stays right. */
const CHECKED = new WeakSet<Label>();

function checkLabel(value: Label): Label {
  if (CHECKED.has(value)) return value;
  const label = labelSchema.safeParse(value);
  if (!label.success) throw invalidTaint("a label: source (a name), trust and confidentiality");
  const checked = Object.freeze(label.data);
  CHECKED.add(checked);
  return checked;
}

function invalidTaint(expected: string): ZtlError {
  return new ZtlError("taint-invalid", `Expected ${expected}`);
}

function kindOf({ trust, confidentiality }: Label): string {
  if (trust === "untrusted") return confidentiality === "private" ? "untrusted+private" : "untrusted";
  return confidentiality === "private" ? "private" : "trusted";
}

function nameOf(label: Label): string {
  return `${kindOf(label)}:${label.source}`;
}

function sorted(labels: readonly Label[]): Label[] {
  return labels.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Labels with the largest kinds made one label each, until few enough are left. A kind that is one label stays one. */
function bounded(labels: readonly Label[]): Label[] {
  const kinds = Object.values(Object.groupBy(labels, kindOf)).map((kind = []) => {
    const many = kind.find(({ source }) => source === MANY_SOURCES);
    return many === undefined ? kind : [many];
  });
  const total = (): number => kinds.reduce((sum, kind) => sum + kind.length, 0);
  while (total() > TAINT_LABELS_MAX) {
    const largest = kinds.reduce((a, b) => (b.length > a.length ? b : a));
    largest.splice(0, largest.length, Object.freeze({ ...(largest[0] as Label), source: MANY_SOURCES }));
  }
  return kinds.flat();
}
