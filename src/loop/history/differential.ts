import {
  type ContextPiece,
  type Entry,
  type LaterPiece,
  type PlannedCall,
  type SemanticDifferential,
  semanticDifferential,
} from "../../ledger/index.ts";
import { isTelling } from "../../provenance/index.ts";
import { LATER_ENTRIES_MAX } from "../limits.ts";
import type { RecordedContents } from "./recorded-contents.ts";
import type { RunIndex } from "./run-index.ts";
import { allOf, detail, type EntryOf, firstOf } from "./run-story.ts";

/**
 * What a run's output did to its agent: what was added to the context, and where it turned up again in what the same agent
 * said and called afterwards in the same conversation. What it had said or been given before counts as known.
 */
export async function differentialOf(
  runIndex: RunIndex,
  contents: RecordedContents,
  entries: readonly Entry[],
): Promise<SemanticDifferential> {
  const { payload, known, earlier, later: after } = await contextOf(runIndex, contents, entries);
  const later = (await Promise.all(after.map((entry) => laterPiece(contents, entry)))).filter(
    (one) => one !== undefined,
  );
  const plans = { before: nextPlan([...earlier].reverse()), after: nextPlan(after) };
  const hasPlans = plans.before.length > 0 || plans.after.length > 0;
  const found = semanticDifferential({ payload, later, known, ...(hasPlans ? { plans } : {}) });
  // A courtesy, or a word that anybody uses, is no trace of anything.
  return { ...found, echoes: found.echoes.filter(({ text, wholeArgument }) => isTelling(text, wholeArgument)) };
}

export interface RunContext {
  /** What the run added to its agent's context. */
  readonly payload: readonly ContextPiece[];
  /** What the agent had said, called and been given before in the same conversation, oldest first. */
  readonly known: readonly string[];
  /** The entries behind `known`, and those of the same agent and conversation that follow the run. */
  readonly earlier: readonly Entry[];
  readonly later: readonly Entry[];
}

/** What stands around a run in its agent's conversation, as far as it was recorded and can be read. */
export async function contextOf(
  runIndex: RunIndex,
  contents: RecordedContents,
  entries: readonly Entry[],
): Promise<RunContext> {
  const call = firstOf(entries, "call");
  const given = allOf(entries, "given");
  const texts = await Promise.all(given.map((entry) => textOf(contents, entry)));
  const payload = texts.flatMap((text, at) => (text === undefined ? [] : [{ label: `run ${given[at]?.runId}`, text }]));
  if (call?.agent === undefined) return { payload, known: [], earlier: [], later: [] };
  const one = { agent: call.agent, conversation: detail(call, "conversation") ?? "" };
  const last = { before: call.index, order: "last", limit: LATER_ENTRIES_MAX } as const;
  const earlier = (await runIndex.stepsOf(one, last)).reverse();
  const known = (await Promise.all(earlier.map((entry) => knownText(contents, entry)))).filter(
    (one) => one !== undefined,
  );
  const later = await runIndex.stepsOf(one, { after: (given.at(-1) ?? call).index, limit: LATER_ENTRIES_MAX });
  return { payload, known, earlier, later };
}

function textOf(contents: RecordedContents, entry: EntryOf<"given" | "said">): Promise<string | undefined> {
  return contents.text(entry, entry.body.contents);
}

async function laterPiece(contents: RecordedContents, entry: Entry): Promise<LaterPiece | undefined> {
  if (entry.kind === "call") {
    const input = await contents.input(entry);
    if (input === undefined) return undefined;
    return { kind: "tool-call", label: `call ${entry.runId}`, tool: entry.body.tool, arguments: input };
  }
  if (entry.kind !== "said") return undefined;
  const text = await textOf(contents, entry);
  return text === undefined ? undefined : { kind: "output", label: `said at entry ${entry.index}`, text };
}

async function knownText(contents: RecordedContents, entry: Entry): Promise<string | undefined> {
  if (entry.kind === "call") {
    const input = await contents.input(entry);
    return input === undefined ? undefined : JSON.stringify(input);
  }
  return entry.kind === "said" || entry.kind === "given" ? textOf(contents, entry) : undefined;
}

/** The plan told of nearest to the run, going away from it. */
function nextPlan(entries: readonly Entry[]): readonly PlannedCall[] {
  for (const entry of entries) {
    const planned = entry.kind === "said" ? entry.body.planned : undefined;
    if (Array.isArray(planned)) return planned as PlannedCall[];
  }
  return [];
}
