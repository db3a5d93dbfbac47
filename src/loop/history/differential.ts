import { isJsonObject, type Json } from "../../base/json.ts";
import {
  type ContextPiece,
  type Entry,
  type LaterPiece,
  type Ledger,
  type PlannedCall,
  type SemanticDifferential,
  semanticDifferential,
} from "../../ledger/index.ts";
import { isTelling } from "../../provenance/index.ts";
import { LATER_ENTRIES_MAX } from "../limits.ts";
import { parseRecordedInput } from "../state/stored.ts";
import { allOf, detail, firstOf } from "./run-story.ts";

/** The `note` entries with which the loop records what a model said, and what an agent was given. */
export const AGENT_SAID = "agent-said";
export const GIVEN_TO_AGENT = "given-to-agent";

/**
 * What a run's output did to its agent: what was added to the context, and where it turned up again in what the same agent
 * said and called afterwards in the same conversation. What it had said or been given before counts as known.
 */
export async function differentialOf(ledger: Ledger, entries: readonly Entry[]): Promise<SemanticDifferential> {
  const { payload, known, earlier, later: after } = await contextOf(ledger, entries);
  const later = (await Promise.all(after.map((entry) => laterPiece(ledger, entry)))).filter((one) => one !== undefined);
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

/** What stands around a run in its agent's conversation, as far as it was recorded. */
export async function contextOf(ledger: Ledger, entries: readonly Entry[]): Promise<RunContext> {
  const call = firstOf(entries, "call");
  const given = allOf(entries, "note").filter(({ body }) => body.text === GIVEN_TO_AGENT);
  const payload = await Promise.all(
    given.map(async (entry) => ({ label: `run ${entry.runId}`, text: await textOf(ledger, entry) })),
  );
  if (call?.agent === undefined) return { payload, known: [], earlier: [], later: [] };
  const { agent, index } = call;
  const conversation = detail(call, "conversation");
  const around = (range: { fromIndex?: number; toIndex?: number }, order: "first" | "last"): Entry[] =>
    ledger
      .query({ agent, order, limit: LATER_ENTRIES_MAX, ...range })
      .filter((entry) => detail(entry, "conversation") === conversation);
  const earlier = around({ toIndex: index }, "last").reverse();
  const known = (await Promise.all(earlier.map((entry) => knownText(ledger, entry)))).filter(
    (one) => one !== undefined,
  );
  const later = around({ fromIndex: (given.at(-1) ?? call).index + 1 }, "first");
  return { payload, known, earlier, later };
}

async function textOf(ledger: Ledger, entry: Entry): Promise<string> {
  const contents = entry.kind === "note" ? (entry.body.contents ?? []) : [];
  const pieces = await Promise.all(contents.map((content) => ledger.content(content)));
  return pieces.map((bytes) => Buffer.from(bytes).toString("utf8")).join("\n");
}

async function laterPiece(ledger: Ledger, entry: Entry): Promise<LaterPiece | undefined> {
  if (entry.kind === "call") {
    const label = `call ${entry.runId}`;
    return { kind: "tool-call", label, tool: entry.body.tool, arguments: await inputOf(ledger, entry) };
  }
  if (entry.kind !== "note" || entry.body.text !== AGENT_SAID) return undefined;
  return { kind: "output", label: `said at entry ${entry.index}`, text: await textOf(ledger, entry) };
}

async function knownText(ledger: Ledger, entry: Entry): Promise<string | undefined> {
  if (entry.kind === "call") return JSON.stringify(await inputOf(ledger, entry));
  if (entry.kind !== "note") return undefined;
  return entry.body.text === AGENT_SAID || entry.body.text === GIVEN_TO_AGENT ? textOf(ledger, entry) : undefined;
}

async function inputOf(ledger: Ledger, entry: Extract<Entry, { kind: "call" }>): Promise<Json> {
  if (entry.body.inputContent === undefined) return entry.body.input ?? null;
  return parseRecordedInput(await ledger.content(entry.body.inputContent));
}

/** The plan told of nearest to the run, going away from it. */
function nextPlan(entries: readonly Entry[]): readonly PlannedCall[] {
  for (const entry of entries) {
    const details = entry.kind === "note" && entry.body.text === AGENT_SAID ? entry.body.details : undefined;
    const planned = isJsonObject(details) ? details.planned : undefined;
    if (Array.isArray(planned)) return planned as PlannedCall[];
  }
  return [];
}
