import type { Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { cutPlace } from "../../base/text/index.ts";
import {
  type ContextPiece,
  type Entry,
  type LaterPiece,
  type Ledger,
  semanticDifferential,
} from "../../ledger/index.ts";
import { EDGE_CHARACTERS_MAX, TIMELINE_EDGES_MAX, TIMELINE_ENTRIES_MAX, TIMELINE_SOURCES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { parseRecordedInput } from "../state/stored.ts";
import { AGENT_SAID, GIVEN_TO_AGENT } from "./differential.ts";
import type { RunRow } from "./run-record.ts";
import { type EntryOf, rowOf } from "./run-story.ts";

/** One conversation from its beginning: what the agent called, what came in, what it said, what was decided. */
export interface Timeline {
  readonly conversation: string;
  readonly agents: readonly string[];
  readonly calls: readonly TimelineCall[];
  /** Every entry about it, oldest first. */
  readonly entries: readonly Entry[];
  /** Where something that came in turned up in the arguments of a later call, or in what the agent said. */
  readonly edges: readonly TimelineEdge[];
  /** There is more than is given here. */
  readonly isCut: boolean;
}

export interface TimelineCall extends RunRow {
  /** Its tool reaches somebody else: mail, a payment, a message. */
  readonly isOutward: boolean;
  /** Whether what it returned was given to the agent. */
  readonly cameIn: boolean;
}

export interface TimelineEdge {
  /** The run whose output it was. */
  readonly from: string;
  /** The later call; or the entry of what the agent said. */
  readonly to: { readonly runId: string } | { readonly entry: number };
  /** JSON pointer into the arguments. */
  readonly place?: string;
  /** As it stands in the later text; hostile. */
  readonly text: string;
}

/** Undefined when nothing is recorded of such a conversation. */
export async function timelineOf(
  { ledger, policy, runIndex }: LoopParts,
  conversation: string,
  agent?: string,
): Promise<Timeline | undefined> {
  const places = await runIndex.places(conversation, { agent, limit: TIMELINE_ENTRIES_MAX + 1 });
  if (places.length === 0) return undefined;
  const entries = places.slice(0, TIMELINE_ENTRIES_MAX).flatMap((place) => ledger.entry(place) ?? []);
  const byRun = Map.groupBy(entries, ({ runId = "" }) => runId);
  const calls = [...byRun.values()].flatMap((own): TimelineCall[] => {
    const row = rowOf(own);
    if (row === undefined) return [];
    const isOutward = policy.tool(row.tool)?.effect === "outward";
    return [{ ...row, isOutward, cameIn: own.some(isGiven) }];
  });
  const { edges, isCut } = await edgesOf(ledger, entries);
  return {
    conversation,
    agents: [...new Set(entries.map(({ agent: one }) => one).filter((one) => one !== undefined))],
    calls,
    entries,
    edges,
    isCut: isCut || places.length > TIMELINE_ENTRIES_MAX,
  };
}

function isGiven(entry: Entry): entry is EntryOf<"note"> {
  return entry.kind === "note" && entry.body.text === GIVEN_TO_AGENT;
}

interface Piece {
  readonly entry: Entry;
  /** What came in with it, or undefined when something went out. */
  readonly payload?: ContextPiece;
  readonly later?: LaterPiece;
  readonly text: string;
}

/** Each thing that came in against all that went out after it; what was in the context before it does not count. */
async function edgesOf(
  ledger: Ledger,
  entries: readonly Entry[],
): Promise<{ readonly edges: readonly TimelineEdge[]; readonly isCut: boolean }> {
  const pieces = (await Promise.all(entries.map((entry) => pieceOf(ledger, entry)))).filter((one) => one !== undefined);
  const sources = pieces.flatMap(({ payload }, at) => (payload === undefined ? [] : [{ payload, at }]));
  const edges: TimelineEdge[] = [];
  for (const { payload, at } of sources.slice(0, TIMELINE_SOURCES_MAX)) {
    const after = pieces.slice(at + 1).filter(({ later }) => later !== undefined);
    const later = after.map((piece) => piece.later as LaterPiece);
    const known = pieces.slice(0, at).map(({ text }) => text);
    const { echoes } = semanticDifferential({ payload: [payload], later, known });
    for (const echo of echoes) {
      const target = after[echo.later]?.entry;
      if (echo.known || target === undefined) continue;
      const to = target.kind === "call" ? { runId: target.runId ?? "" } : { entry: target.index };
      const text = echo.text.slice(0, cutPlace(echo.text, EDGE_CHARACTERS_MAX));
      edges.push({ from: payload.label, to, text, ...defined({ place: echo.place }) });
    }
  }
  const longest = longestOfEach(edges);
  const isCut = sources.length > TIMELINE_SOURCES_MAX || longest.length > TIMELINE_EDGES_MAX;
  return { edges: longest.slice(0, TIMELINE_EDGES_MAX), isCut };
}

/** One edge from each source to each place that it turned up in. */
function longestOfEach(edges: readonly TimelineEdge[]): TimelineEdge[] {
  const kept = new Map<string, TimelineEdge>();
  for (const edge of edges) {
    const key = JSON.stringify([edge.from, edge.to, edge.place ?? ""]);
    if (edge.text.length > (kept.get(key)?.text.length ?? -1)) kept.set(key, edge);
  }
  return [...kept.values()];
}

async function pieceOf(ledger: Ledger, entry: Entry): Promise<Piece | undefined> {
  if (entry.kind === "call") {
    const given = await inputOf(ledger, entry);
    const later: LaterPiece = { kind: "tool-call", label: "", tool: entry.body.tool, arguments: given };
    return { entry, later, text: JSON.stringify(given) };
  }
  if (entry.kind !== "note") return undefined;
  const { text: what } = entry.body;
  if (what !== GIVEN_TO_AGENT && what !== AGENT_SAID) return undefined;
  const text = await textOf(ledger, entry);
  return what === GIVEN_TO_AGENT
    ? { entry, payload: { label: entry.runId ?? "", text }, text }
    : { entry, later: { kind: "output", label: "", text }, text };
}

async function inputOf(ledger: Ledger, { body }: EntryOf<"call">): Promise<Json> {
  if (body.inputContent === undefined) return body.input ?? null;
  return parseRecordedInput(await ledger.content(body.inputContent));
}

async function textOf(ledger: Ledger, { body }: EntryOf<"note">): Promise<string> {
  const pieces = await Promise.all((body.contents ?? []).map((content) => ledger.content(content)));
  return pieces.map((bytes) => Buffer.from(bytes).toString("utf8")).join("\n");
}
