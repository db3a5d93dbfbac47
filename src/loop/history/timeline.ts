import { defined } from "../../base/optional.ts";
import type { Entry } from "../../ledger/index.ts";
import { recordedTrace, type TraceStep } from "../handles/trace.ts";
import { TIMELINE_ENTRIES_MAX, TIMELINE_SOURCES_MAX } from "../limits.ts";
import type { ArgumentOrigin, OriginStep } from "../origins/argument-origin.ts";
import { originsOfRun } from "../origins/origins.ts";
import type { LoopParts } from "../parts.ts";
import { RecordedContents } from "./recorded-contents.ts";
import type { RunRow } from "./run-record.ts";
import { rowOf } from "./run-story.ts";

/** One conversation from its beginning: what the agent called, what came in, what it said, what was decided. */
export interface Timeline {
  readonly conversation: string;
  readonly agents: readonly string[];
  readonly calls: readonly TimelineCall[];
  /** Every entry about it, oldest first. */
  readonly entries: readonly Entry[];
  /** Where something in the arguments of a call came from: another call, here or in another conversation, memory or a file. */
  readonly edges: readonly TimelineEdge[];
  /** Entries of which something cannot be read any more: no edge leads there. */
  readonly unread: readonly number[];
  /** There is more than is given here. */
  readonly isCut: boolean;
}

export interface TimelineCall extends RunRow {
  /** Its tool reaches somebody else: mail, a payment, a message. */
  readonly isOutward: boolean;
  /** Whether what it returned was given to the agent. */
  readonly cameIn: boolean;
  /** Where it stands in a trace (W3C Trace Context). */
  readonly trace?: TraceStep;
}

export interface TimelineEdge {
  /** The text it was taken from. */
  readonly from: OriginStep;
  /** The call whose argument it is in. */
  readonly to: string;
  /** JSON pointers into the arguments. */
  readonly places: readonly string[];
  readonly kind: ArgumentOrigin["kind"];
  /** As it stands in the argument; a model wrote it. */
  readonly text: string;
}

/** Undefined when nothing is recorded of such a conversation. */
export async function timelineOf(
  parts: LoopParts,
  conversation: string,
  agent?: string,
): Promise<Timeline | undefined> {
  const { ledger, policy, runIndex } = parts;
  const places = await runIndex.places(conversation, { agent, limit: TIMELINE_ENTRIES_MAX + 1 });
  if (places.length === 0) return undefined;
  const entries = places.slice(0, TIMELINE_ENTRIES_MAX).flatMap((place) => ledger.entry(place) ?? []);
  const byRun = Map.groupBy(entries, ({ runId = "" }) => runId);
  const calls = [...byRun.values()].flatMap((own): TimelineCall[] => {
    const row = rowOf(own);
    if (row === undefined) return [];
    const cameIn = own.some(({ kind }) => kind === "given");
    const trace = own[0] && recordedTrace(own[0]);
    return [{ ...row, ...defined({ trace }), isOutward: policy.tool(row.tool)?.effect === "outward", cameIn }];
  });
  const contents = new RecordedContents(ledger);
  const edges = await edgesTo(parts, calls.slice(-TIMELINE_SOURCES_MAX), contents);
  return {
    conversation,
    agents: [...new Set(entries.map(({ agent: one }) => one).filter((one) => one !== undefined))],
    calls,
    entries,
    edges,
    unread: contents.unread,
    isCut: calls.length > TIMELINE_SOURCES_MAX || places.length > TIMELINE_ENTRIES_MAX,
  };
}

async function edgesTo(
  parts: LoopParts,
  calls: readonly TimelineCall[],
  contents: RecordedContents,
): Promise<TimelineEdge[]> {
  const edges: TimelineEdge[] = [];
  for (const { runId } of calls) {
    for (const { source, places, kind, excerpt } of (await originsOfRun(parts, runId, contents)) ?? []) {
      const { entry, role, runId: from, agent, conversation, tool } = source;
      const step = { entry, role, agent, conversation };
      const own = { ...(from !== undefined && { runId: from }), ...(tool !== undefined && { tool }) };
      edges.push({ from: { ...step, ...own }, to: runId, places, kind, text: excerpt });
    }
  }
  return edges;
}
