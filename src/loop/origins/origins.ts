import type { Entry, Ledger } from "../../ledger/index.ts";
import { BITS_ANYWHERE, dateKey, type Fact, type FactKind, factsOf } from "../../provenance/index.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import type { RunIndex } from "../history/run-index.ts";
import { ORIGINS_MAX, TRACED_MAX, TRAIL_MAX } from "../limits.ts";
import type { ArgumentOrigin, OriginSource, OriginStep } from "./argument-origin.ts";
import { type Candidate, candidatesOf } from "./candidates.ts";
import { excerptOf } from "./excerpt.ts";
import { fileOrigins } from "./file-origins.ts";
import { Neighbourhood } from "./neighbourhood.ts";
import { isCommon, type Occurrence, type OriginIndex } from "./origin-index.ts";
import { Pace } from "./pace.ts";
import { isSpoken, type RecordedText } from "./recorded-text.ts";
import { wordingOrigins } from "./wording-origins.ts";

/** What is somebody's own, however many texts hold it: who plants it in many must not make it nobody's. */
const OWN_KINDS: ReadonlySet<FactKind> = new Set(["iban", "mail", "phone", "url", "address", "identifier", "digits"]);
/** Steps of the same conversation among which its next calls and sayings are looked for. */
const LATER_STEPS = 500;
const DAY_MS = 24 * 3600 * 1000;

export interface OriginParts {
  readonly ledger: Ledger;
  readonly originIndex: OriginIndex;
  readonly runIndex: RunIndex;
}

/** Where the arguments of a call came from, what says most first; undefined when there is no such call. `contents` knows what it had to leave out. */
export async function originsOfRun(
  parts: OriginParts,
  runId: string,
  contents: RecordedContents,
): Promise<readonly ArgumentOrigin[] | undefined> {
  const [call] = parts.ledger.query({ runId, kind: "call", limit: 1 });
  if (call === undefined) return undefined;
  await parts.originIndex.catchUp();
  contents.leaveOut(parts.originIndex.unread());
  return originsOfEntry(parts, call, new Neighbourhood(contents, parts.runIndex));
}

/** A later call or saying, with what it has of a run. */
export interface RunTrace extends OriginStep {
  readonly origins: readonly ArgumentOrigin[];
}

/** What of a run's output turned up again in what any agent called or said afterwards. */
export async function tracesOfRun(
  parts: OriginParts,
  runId: string,
  contents: RecordedContents,
): Promise<readonly RunTrace[]> {
  const { ledger, originIndex, runIndex } = parts;
  await originIndex.catchUp();
  contents.leaveOut(originIndex.unread());
  const entries = ledger.query({ runId, limit: 1000 });
  const near = new Neighbourhood(contents, runIndex);
  const later = new Map<number, Entry>();
  for (const entry of entries) {
    const given = await near.textOf(entry.index);
    if (given?.role !== "given") continue;
    for (const found of await laterThan(parts, given)) later.set(found.index, found);
  }
  const traces: RunTrace[] = [];
  for (const entry of [...later.values()].sort((one, other) => one.index - other.index).slice(0, TRACED_MAX)) {
    const origins = (await originsOfEntry(parts, entry, near)).filter(({ source, trail }) =>
      [source, ...trail].some((step) => step.runId === runId && step.entry !== entry.index),
    );
    const step = near.step(entry);
    if (origins.length > 0) traces.push({ ...step, origins });
  }
  return traces;
}

/** Calls and sayings that share a value with a text, and the next ones of its own conversation. */
async function laterThan(
  { ledger, originIndex, runIndex }: OriginParts,
  { entry, leaves, conversation }: RecordedText,
): Promise<Entry[]> {
  const facts = leaves.flatMap(({ text }) => factsOf(text)).sort((one, other) => other.bits - one.bits);
  const keys = [...new Set(facts.map(({ key }) => key))].slice(0, 500);
  const found = keys.flatMap((key) => originIndex.findAfter(key, entry.index, 10)).map((one) => one.entry);
  const next = await runIndex.stepsOf(
    { conversation, agent: entry.agent ?? "" },
    { after: entry.index, limit: LATER_STEPS },
  );
  const own = next.filter((one) => one.kind === "call" || isSpoken(one));
  const others = [...new Set(found)].slice(0, TRACED_MAX).flatMap((index) => ledger.entry(index) ?? []);
  return [...others, ...own.slice(0, TRACED_MAX)];
}

async function originsOfEntry(
  parts: OriginParts,
  entry: Entry,
  near: Neighbourhood,
): Promise<readonly ArgumentOrigin[]> {
  const target = await near.textOf(entry.index);
  if (target === undefined || (target.role !== "argument" && target.role !== "said")) return [];
  const earlier = await near.earlierLeaves(target);
  const found: ArgumentOrigin[] = [];
  const settled: Settled[] = [];
  const pace = new Pace();
  for (const candidate of candidatesOf(target.leaves, earlier)) {
    if (found.length >= ORIGINS_MAX) break;
    await pace.breathe();
    if (isCovered(candidate, settled)) continue;
    const origin = await originOf(parts, near, target, candidate);
    if (origin === undefined) continue;
    settled.push({ places: candidate.places, start: candidate.fact.start, end: candidate.fact.end });
    if (origin !== "own") found.push(origin);
  }
  found.push(...(await fileOrigins(parts, near, target)));
  found.push(...(await wordingOrigins(parts, near, target, found)));
  return found.slice(0, ORIGINS_MAX);
}

type Settled = Pick<ArgumentOrigin, "places" | "start" | "end">;

/** Something that says more is known of the same place. */
function isCovered({ fact, places }: Candidate, settled: readonly Settled[]): boolean {
  return settled.some(
    (one) => one.places.some((place) => places.includes(place)) && fact.start < one.end && fact.end > one.start,
  );
}

async function originOf(
  { originIndex }: OriginParts,
  near: Neighbourhood,
  target: RecordedText,
  { fact, text, places }: Candidate,
): Promise<ArgumentOrigin | "own" | undefined> {
  const { entry } = target;
  if (fact.kind === "date" && isAboutToday(fact, entry)) return "own";
  const all = originIndex.find(fact.key, entry.index);
  const chosen = await chooseSource(near, target, fact, all);
  if (chosen === undefined || chosen === "own") return chosen;
  const { occurrence, reached } = chosen;
  const source = await near.textOf(occurrence.entry);
  const there = (await near.factsIn(occurrence.entry)).get(fact.key);
  if (source === undefined || there === undefined) return undefined;
  const trail = all.filter(({ entry: at }) => at >= occurrence.entry || all.length <= TRAIL_MAX);
  return {
    kind: fact.kind,
    places,
    excerpt: excerptOf(text, fact, 0),
    start: fact.start,
    end: fact.end,
    transforms: fact.transforms,
    source: {
      ...near.step(source.entry),
      excerpt: excerptOf(there.text, there.fact, 40),
      start: there.fact.start,
      end: there.fact.end,
      transforms: there.fact.transforms,
      reached,
    },
    trail: near.trail(trail),
    unlisted: Math.max(0, trail.length - TRAIL_MAX),
  };
}

/** The day on which a call was made is known to everybody. */
function isAboutToday({ key }: Fact, { time }: Entry): boolean {
  const now = Date.parse(time);
  return [-DAY_MS, 0, DAY_MS].some((distance) => dateKey(new Date(now + distance)) === key);
}

/**
 * The text that a value came from. None when the agent had it before from its own side: told by the host program, or said and
 * called by itself. A value that the conversation was never given may come from elsewhere; then chance must be out of the question.
 */
async function chooseSource(
  near: Neighbourhood,
  target: RecordedText,
  fact: Fact,
  all: readonly Occurrence[],
): Promise<{ readonly occurrence: Occurrence; readonly reached: OriginSource["reached"] } | "own" | undefined> {
  const own = all.filter((one) => near.isOwn(target, one));
  const [first] = own;
  if (own.some(({ role }) => role === "told")) return "own";
  const given = own.find(({ role }) => role === "given");
  const elsewhere = all.filter((one) => one.role === "given" && !near.isOwn(target, one));
  if (!OWN_KINDS.has(fact.kind) && isCommon(all)) return "own";
  if (given !== undefined && (first === given || hasBefore(elsewhere, first)))
    return { occurrence: given, reached: "conversation" };
  if (given !== undefined) return "own";
  if (elsewhere.length === 0) return undefined;
  const remembered = await near.rememberedRuns(target);
  const memory = elsewhere.find((one) => remembered.has(near.runOf(one.entry) ?? ""));
  if (memory !== undefined && hasBefore([memory], first)) return { occurrence: memory, reached: "memory" };
  const other = elsewhere[0];
  if (other === undefined || fact.bits < BITS_ANYWHERE || !hasBefore([other], first)) return undefined;
  return { occurrence: other, reached: "elsewhere" };
}

/** Whether any of them stands before what the agent itself had first. */
function hasBefore(others: readonly Occurrence[], first: Occurrence | undefined): boolean {
  return first === undefined || others.some(({ entry }) => entry < first.entry);
}
