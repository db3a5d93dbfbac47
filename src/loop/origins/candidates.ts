import {
  BITS_IN_TEXT,
  type Fact,
  type FactKind,
  factsOf,
  isTellingFact,
  JOINED_BYTES_MAX,
  JOINED_LEAVES_MAX,
} from "../../provenance/index.ts";
import { CANDIDATES_MAX } from "../limits.ts";
import type { Leaf } from "./recorded-text.ts";

/** A value in the arguments of a call that says enough to ask where it came from. */
export interface Candidate {
  readonly fact: Fact;
  /** The text it stands in: a leaf's, or several put together. */
  readonly text: string;
  /** The leaf's place, or those of its parts. */
  readonly places: readonly string[];
  readonly isWhole: boolean;
}

/** Accounts and addresses come first, and then those that say most. */
export function candidatesOf(leaves: readonly Leaf[], earlier: readonly Leaf[]): Candidate[] {
  const single = leaves.flatMap(inLeaf);
  const known = new Set(single.map(({ fact }) => fact.key));
  const joined = joinedTexts(leaves, earlier).flatMap((one) => acrossParts(one, known));
  return [...single, ...joined].sort((one, other) => rankOf(other) - rankOf(one)).slice(0, CANDIDATES_MAX);
}

function inLeaf({ place, text }: Leaf): Candidate[] {
  const bytes = Buffer.byteLength(text.trim());
  return factsOf(text, { rewritten: true }).flatMap((fact) => {
    const isWhole = fact.fills && fact.end - fact.start >= bytes - 2;
    return isTellingFact(fact, isWhole) ? [{ fact, text, places: [place], isWhole }] : [];
  });
}

/** What is known to be an account or an address is told as one, and not as letters and digits of any kind. */
const NAMED: ReadonlySet<FactKind> = new Set(["iban", "mail", "url", "address"]);
const NAMED_BITS = 1000;

function rankOf({ fact: { kind, bits } }: Candidate): number {
  return bits + (NAMED.has(kind) ? NAMED_BITS : 0);
}

interface Joined {
  readonly text: string;
  readonly places: readonly string[];
  /** Bytes at which each part but the first begins. */
  readonly joints: readonly number[];
}

/** What may have stood between the parts. */
const BETWEEN = ["", " ", "@", "."] as const;

/** Short arguments put together: all in their order, and any two, those of the calls before included. */
function joinedTexts(leaves: readonly Leaf[], earlier: readonly Leaf[]): Joined[] {
  const isPart = ({ text }: Leaf): boolean => text.length > 1 && Buffer.byteLength(text) <= JOINED_BYTES_MAX;
  const parts = leaves.filter(isPart);
  const before = earlier.filter(isPart).slice(-JOINED_LEAVES_MAX);
  const joined: Joined[] = [];
  if (parts.length > 2)
    for (const order of [parts, [...parts].reverse()])
      joined.push(join(order.slice(0, 64), ""), join(order.slice(0, 64), " "));
  const few = parts.slice(0, JOINED_LEAVES_MAX);
  for (const one of few) {
    for (const other of few) if (one !== other) for (const sign of BETWEEN) joined.push(join([one, other], sign));
    for (const other of before)
      for (const sign of BETWEEN) joined.push(join([other, one], sign), join([one, other], sign));
  }
  return joined;
}

function join(parts: readonly Leaf[], sign: string): Joined {
  const joints: number[] = [];
  let text = "";
  for (const part of parts) {
    if (text !== "") {
      text += sign;
      joints.push(Buffer.byteLength(text));
    }
    text += part.text.trim();
  }
  return { text, places: parts.map(({ place }) => place), joints };
}

function acrossParts({ text, places, joints }: Joined, known: ReadonlySet<string>): Candidate[] {
  return factsOf(text).flatMap((fact) => {
    const crossed = joints.flatMap((at, index) => (fact.start < at && fact.end > at ? [index] : []));
    const [first] = crossed;
    if (first === undefined || fact.bits < BITS_IN_TEXT || known.has(fact.key)) return [];
    const used = places.slice(first, first + crossed.length + 1);
    return [
      { fact: { ...fact, transforms: [...fact.transforms, "joined" as const] }, text, places: used, isWhole: false },
    ];
  });
}
