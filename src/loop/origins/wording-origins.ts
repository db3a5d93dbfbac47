import type { Ledger } from "../../ledger/index.ts";
import { Wording } from "../../provenance/index.ts";
import { detail } from "../history/run-story.ts";
import { WORDING_TEXTS_MAX, WORDING_UNITS_MAX } from "../limits.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";
import { excerptOf } from "./excerpt.ts";
import type { Neighbourhood } from "./neighbourhood.ts";
import { isCommon, isSampled, type OriginIndex, wordingKey } from "./origin-index.ts";
import type { Leaf, RecordedText } from "./recorded-text.ts";

interface Parts {
  readonly ledger: Ledger;
  readonly originIndex: OriginIndex;
}

interface Source {
  readonly text: RecordedText;
  readonly leaf: Leaf;
  readonly reached: "conversation" | "elsewhere";
}

/** Shorter arguments are no quotation. */
const QUOTATION_UNITS_MIN = 24;

/** Stretches of the arguments that repeat the wording of a text, nearly as it stands there. */
export async function wordingOrigins(
  parts: Parts,
  near: Neighbourhood,
  target: RecordedText,
  others: readonly ArgumentOrigin[],
): Promise<ArgumentOrigin[]> {
  const leaves = target.leaves.filter(({ text }) => text.length >= QUOTATION_UNITS_MIN);
  if (leaves.length === 0) return [];
  const { sources, known } = await sourcesOf(parts, near, target, leaves);
  const isKnown = (shingle: string): boolean => known.has(shingle) || isEverywhere(parts, shingle, target.entry.index);
  const wordings = new Map(sources.map((source) => [source, new Wording(source.leaf.text)]));
  return leaves.flatMap((leaf) => {
    const own = new Wording(leaf.text);
    const covered: { start: number; end: number }[] = others
      .filter(({ places }) => places.includes(leaf.place))
      .map(({ start, end }) => ({ start, end }));
    return sources.flatMap((source) =>
      (wordings.get(source)?.sharedWith(own, isKnown) ?? []).flatMap((shared) => {
        const place = inBytes(leaf.text, shared.start, shared.end);
        // The first source tells of it; the next ones have it from there, or from the same place.
        if (
          covered.some(
            ({ start, end }) => place.start < end && place.end > start && end - start > (place.end - place.start) / 2,
          )
        )
          return [];
        covered.push(place);
        const there = inBytes(source.leaf.text, shared.sourceStart, shared.sourceEnd);
        const step = near.step(source.text.entry);
        const excerpt = excerptOf(source.leaf.text, there, 0);
        return [
          {
            kind: "wording" as const,
            places: [leaf.place],
            excerpt: excerptOf(leaf.text, place, 0),
            ...place,
            transforms: [],
            source: { ...step, excerpt, ...there, transforms: [], reached: source.reached },
            trail: [step],
            unlisted: 0,
          },
        ];
      }),
    );
  });
}

/** Texts that the conversation was given, and others that share rows of words; with what the agent knew of itself. */
async function sourcesOf(
  { ledger, originIndex }: Parts,
  near: Neighbourhood,
  target: RecordedText,
  leaves: readonly Leaf[],
): Promise<{ sources: Source[]; known: Set<string> }> {
  const { entry, conversation } = target;
  const range = { toIndex: entry.index, order: "last" as const, limit: WORDING_TEXTS_MAX * 4 };
  const before = entry.agent === undefined ? [] : ledger.query({ agent: entry.agent, ...range });
  const sources: Source[] = [];
  const known = new Set<string>();
  let unitsLeft = WORDING_UNITS_MAX;
  // Oldest first: what the agent wrote before it was given anything like it is its own.
  const own = before
    .filter((one) => detail(one, "conversation") === conversation)
    .slice(0, WORDING_TEXTS_MAX)
    .reverse();
  const given = new Set<string>();
  for (const one of own) {
    const text = await near.textOf(one.index);
    for (const leaf of text?.leaves ?? []) {
      unitsLeft -= leaf.text.length;
      if (unitsLeft < 0 || text === undefined) break;
      const shingles = new Wording(leaf.text).shingles();
      if (text.role === "given") {
        sources.push({ text, leaf, reached: "conversation" });
        for (const shingle of shingles) given.add(shingle);
      } else for (const shingle of shingles) if (text.role === "told" || !given.has(shingle)) known.add(shingle);
    }
  }
  const seen = new Set(own.map(({ index }) => index));
  for (const index of elsewhere(originIndex, entry.index, leaves)) {
    const text = seen.has(index) ? undefined : await near.textOf(index);
    const [leaf] = text?.leaves ?? [];
    if (text?.role !== "given" || leaf === undefined || leaf.text.length > unitsLeft) continue;
    unitsLeft -= leaf.text.length;
    sources.push({ text, leaf, reached: "elsewhere" });
  }
  return { sources, known };
}

/** Entries that share several rows of words with what is asked about. */
function elsewhere(originIndex: OriginIndex, before: number, leaves: readonly Leaf[]): number[] {
  const counts = new Map<number, number>();
  const shingles = leaves
    .flatMap(({ text }) => [...new Wording(text).shingles()].filter(isSampled))
    .slice(0, SHINGLES_ASKED_MAX);
  for (const shingle of shingles)
    for (const { entry, role } of originIndex.find(wordingKey(shingle), before))
      if (role === "given") counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= 2)
    .map(([entry]) => entry)
    .sort((one, other) => one - other)
    .slice(0, 10);
}

const SHINGLES_ASKED_MAX = 500;

/** Asked of the rows that are indexed; the others go with them. */
function isEverywhere({ originIndex }: Parts, shingle: string, before: number): boolean {
  return isSampled(shingle) && isCommon(originIndex.find(wordingKey(shingle), before));
}

function inBytes(text: string, start: number, end: number): { start: number; end: number } {
  const from = Buffer.byteLength(text.slice(0, start));
  return { start: from, end: from + Buffer.byteLength(text.slice(start, end)) };
}
