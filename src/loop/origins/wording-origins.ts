import { Utf8Places } from "../../base/text/index.ts";
import { type SharedWording, Wording } from "../../provenance/index.ts";
import { ORIGINS_MAX, WORDING_TEXTS_MAX, WORDING_UNITS_MAX } from "../limits.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";
import { excerptOf } from "./excerpt.ts";
import type { Neighbourhood } from "./neighbourhood.ts";
import { isCommon, isSampled, type Occurrence, type OriginIndex, wordingKey } from "./origin-index.ts";
import { Pace } from "./pace.ts";
import { isSpoken, type Leaf, type RecordedText } from "./recorded-text.ts";

interface Source {
  readonly text: RecordedText;
  readonly leaf: Leaf;
  readonly wording: Wording;
  readonly reached: "conversation" | "elsewhere";
}

/** Shorter arguments are no quotation. */
const QUOTATION_UNITS_MIN = 24;

/** Stretches of the arguments that repeat the wording of a text, nearly as it stands there. Each source is looked at between other work. */
export async function wordingOrigins(
  { originIndex }: { readonly originIndex: OriginIndex },
  near: Neighbourhood,
  target: RecordedText,
  others: readonly ArgumentOrigin[],
): Promise<ArgumentOrigin[]> {
  const leaves = target.leaves
    .filter(({ text }) => text.length >= QUOTATION_UNITS_MIN)
    .map((leaf) => ({ leaf, wording: new Wording(leaf.text) }));
  if (leaves.length === 0) return [];
  const pace = new Pace();
  const rows = new KnownRows(originIndex, target.entry.index);
  const { sources, known } = await sourcesOf(near, target, rows, leaves);
  const isKnown = (shingle: string): boolean => known.has(shingle) || rows.isEverywhere(shingle);
  const found: ArgumentOrigin[] = [];
  for (const { leaf, wording } of leaves) {
    const places = new Utf8Places(leaf.text);
    const covered: Span[] = others.filter((one) => one.places.includes(leaf.place));
    for (const source of sources) {
      for (const shared of source.wording.sharedWith(wording, isKnown)) {
        if (found.length >= ORIGINS_MAX) return found;
        const place = { start: places.at(shared.start), end: places.at(shared.end) };
        // The first source tells of it; the next ones have it from there, or from the same place.
        if (covered.some((one) => isMostOf(place, one))) continue;
        covered.push(place);
        found.push(originFrom(near, source, leaf, place, shared));
      }
      await pace.breathe();
    }
  }
  return found;
}

type Span = Pick<ArgumentOrigin, "start" | "end">;

/** Whether a stretch meets another that is more than half as long. */
function isMostOf(place: Span, { start, end }: Span): boolean {
  return place.start < end && place.end > start && end - start > (place.end - place.start) / 2;
}

function originFrom(
  near: Neighbourhood,
  { text, leaf: { text: whole }, reached }: Source,
  leaf: Leaf,
  place: Span,
  { sourceStart, sourceEnd }: SharedWording,
): ArgumentOrigin {
  const from = Buffer.byteLength(whole.slice(0, sourceStart));
  const there = { start: from, end: from + Buffer.byteLength(whole.slice(sourceStart, sourceEnd)) };
  const step = near.step(text.entry);
  return {
    kind: "wording",
    places: [leaf.place],
    excerpt: excerptOf(leaf.text, place, 0),
    ...place,
    transforms: [],
    source: { ...step, excerpt: excerptOf(whole, there, 0), ...there, transforms: [], reached },
    trail: [step],
    unlisted: 0,
  };
}

/** What the index knows of rows of words: each is asked for once for one call, and beyond a number none is known any more. */
class KnownRows {
  readonly #originIndex: OriginIndex;
  readonly #before: number;
  readonly #known = new Map<string, readonly Occurrence[]>();

  constructor(originIndex: OriginIndex, before: number) {
    this.#originIndex = originIndex;
    this.#before = before;
  }

  of(shingle: string): readonly Occurrence[] {
    const known = this.#known.get(shingle);
    if (known !== undefined) return known;
    if (this.#known.size >= ROWS_ASKED_MAX) return [];
    const found = this.#originIndex.find(wordingKey(shingle), this.#before);
    this.#known.set(shingle, found);
    return found;
  }

  /** Asked of the rows that are indexed; the others go with them. */
  isEverywhere(shingle: string): boolean {
    return isSampled(shingle) && isCommon(this.of(shingle));
  }
}

/** Look-ups for one call, some 20 µs each: the indexed rows of a quotation of 8,000 long words. */
const ROWS_ASKED_MAX = 2000;

/** Entries of a call that hold no text: its decision, its run, verdicts. */
const STEPS_PER_TEXT = 4;

/** Texts that the conversation was given, and others that share rows of words; with what the agent knew of itself. */
async function sourcesOf(
  near: Neighbourhood,
  target: RecordedText,
  rows: KnownRows,
  leaves: readonly { readonly wording: Wording }[],
): Promise<{ sources: Source[]; known: Set<string> }> {
  const sources: Source[] = [];
  const known = new Set<string>();
  const pace = new Pace();
  let unitsLeft = WORDING_UNITS_MAX;
  // Oldest first: what the agent wrote before it was given anything like it is its own.
  const before = await near.earlierSteps(target, WORDING_TEXTS_MAX * STEPS_PER_TEXT);
  const own = before
    .filter((one) => one.kind === "call" || isSpoken(one))
    .slice(0, WORDING_TEXTS_MAX)
    .reverse();
  const given = new Set<string>();
  for (const one of own) {
    const text = await near.textOf(one.index);
    for (const leaf of text?.leaves ?? []) {
      unitsLeft -= leaf.text.length;
      if (unitsLeft < 0 || text === undefined) break;
      const wording = new Wording(leaf.text);
      if (text.role === "given") {
        sources.push({ text, leaf, wording, reached: "conversation" });
        for (const shingle of wording.shingles()) given.add(shingle);
      } else
        for (const shingle of wording.shingles()) if (text.role === "told" || !given.has(shingle)) known.add(shingle);
    }
    await pace.breathe();
  }
  const seen = new Set(own.map(({ index }) => index));
  for (const index of elsewhere(rows, leaves)) {
    const text = seen.has(index) ? undefined : await near.textOf(index);
    const [leaf] = text?.leaves ?? [];
    if (text?.role !== "given" || leaf === undefined || leaf.text.length > unitsLeft) continue;
    unitsLeft -= leaf.text.length;
    sources.push({ text, leaf, wording: new Wording(leaf.text), reached: "elsewhere" });
    await pace.breathe();
  }
  return { sources, known };
}

/** Entries that share several rows of words with what is asked about. */
function elsewhere(rows: KnownRows, leaves: readonly { readonly wording: Wording }[]): number[] {
  const counts = new Map<number, number>();
  for (const shingle of someRows(leaves))
    for (const { entry, role } of rows.of(shingle))
      if (role === "given") counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= 2)
    .map(([entry]) => entry)
    .sort((one, other) => one - other)
    .slice(0, 10);
}

const SHINGLES_ASKED_MAX = 500;

/** The first ones that are indexed. */
function someRows(leaves: readonly { readonly wording: Wording }[]): string[] {
  const some: string[] = [];
  for (const { wording } of leaves)
    for (const shingle of wording.shingles()) {
      if (some.length >= SHINGLES_ASKED_MAX) return some;
      if (isSampled(shingle)) some.push(shingle);
    }
  return some;
}
