import { isJsonObject, type Json } from "../../base/json.ts";
import type { Entry } from "../../ledger/index.ts";
import { type Label, parseTaint } from "../../policy/index.ts";
import { detail } from "../history/run-story.ts";
import { PROVENANCE_ENTRIES_MAX, PROVENANCE_RUNS_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { TakenIn } from "./review.ts";

type Parts = Pick<LoopParts, "conversations" | "ledger" | "runIndex">;

/**
 * What the conversation behind a run has taken in: whoever agrees to what it asks should know whose words it may act on. Every label
 * is there; the runs are those that the last entries of the conversation tell of.
 */
export async function takenInBehind(
  parts: Parts,
  { runId, agent }: { readonly runId: string; readonly agent: string },
): Promise<readonly TakenIn[]> {
  const [call] = parts.ledger.query({ runId, kind: "call", limit: 1 });
  const conversation = call === undefined ? undefined : detail(call, "conversation");
  if (conversation === undefined) return [];
  const known = new Map<string, { readonly label: Label; readonly ways: Set<string>; readonly runIds: Set<string> }>();
  for (const label of parts.conversations.taintOf(agent, conversation).labels)
    known.set(nameOf(label), { label, ways: new Set(), runIds: new Set() });
  const steps = await parts.runIndex.stepsOf({ agent, conversation }, { order: "last", limit: PROVENANCE_ENTRIES_MAX });
  for (const entry of steps) {
    const { way, runIds, labels } = broughtBy(entry);
    for (const label of labels) {
      const found = known.get(nameOf(label));
      if (way !== undefined) found?.ways.add(way);
      for (const one of runIds)
        if (found !== undefined && found.runIds.size < PROVENANCE_RUNS_MAX) found.runIds.add(one);
    }
  }
  return [...known.values()].map(({ label, ways, runIds }) => ({ ...label, ways: [...ways], runIds: [...runIds] }));
}

interface Brought {
  readonly way?: string;
  readonly runIds: readonly string[];
  readonly labels: readonly Label[];
}

const NOTHING: Brought = { runIds: [], labels: [] };

function broughtBy({ kind, body, runId }: Entry): Brought {
  if (kind === "taken-in") return { way: body.way, runIds: body.runIds ?? [], labels: labelsOf(body.labels) };
  if (kind !== "given" || !isJsonObject(body.details)) return NOTHING;
  return { way: "output", runIds: runId === undefined ? [] : [runId], labels: labelsOf(body.details.labels) };
}

/** Recorded by the loop; should somebody have written anything else there, the labels themselves are known all the same. */
function labelsOf(labels: Json | undefined): readonly Label[] {
  try {
    return labels === undefined ? [] : parseTaint(labels).labels;
  } catch {
    return [];
  }
}

function nameOf({ source, trust, confidentiality }: Label): string {
  return JSON.stringify([source, trust, confidentiality]);
}
