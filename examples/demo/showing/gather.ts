import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry, ZeroTrustLoop } from "../../../src/loop/index.ts";
import type { Transcript } from "../agent/conversation.ts";
import { readsElsewhere } from "../host.ts";
import { readTree } from "../world/tree.ts";
import { inProject } from "../world/world.ts";
import { allReviews } from "./decisions.ts";
import type { Facts } from "./facts.ts";
import type { GuardedAct } from "./guarded-act.ts";
import type { Stage } from "./stage.ts";
import type { UnguardedAct } from "./unguarded-act.ts";

export interface Played {
  readonly act: GuardedAct;
  readonly unguarded: UnguardedAct;
  readonly transcript: Transcript;
  readonly trees: Omit<Facts["trees"], "atEnd">;
  readonly isAuto: boolean;
}

/** Looks at what there is, after everything has been played. */
export async function gatherFacts(stage: Stage, { act, unguarded, transcript, trees, isAuto }: Played): Promise<Facts> {
  const { world, host, attacker, isScripted, signal } = stage;
  const { loop, notes, mails } = act;
  const answer = await act.askLater();
  return {
    host,
    isScripted,
    isAuto,
    unguarded,
    guarded: { transcript, mails, notes: await notes.everything(), answer },
    trees: { ...trees, atEnd: readTree(world.project) },
    reviews: await allReviews(loop),
    applied: appliedFiles(loop.ledger.query({ kind: "sync" })),
    pricesCsv: readFileSync(join(world.project, "prices.csv"), "utf8"),
    attackerRequests: attacker.requests(),
    pdf: readsElsewhere(host, "read_pdf") ? undefined : await lookAtPdf(loop, transcript, signal),
    // Last, so that everything before is in it.
    ledger: await loop.records.verify(),
  };
}

/** Relative to the project; what a person undid again does not count. */
export function appliedFiles(entries: readonly Entry[]): string[] {
  const applied = new Set<string>();
  for (const { kind, body } of entries) {
    if (kind !== "sync") continue;
    for (const file of (body.files ?? []).map(inProject)) {
      if (body.outcome === "applied") applied.add(file);
      if (body.outcome === "undone") applied.delete(file);
    }
  }
  return [...applied];
}

async function lookAtPdf(loop: ZeroTrustLoop, { steps }: Transcript, signal: AbortSignal): Promise<Facts["pdf"]> {
  const runId = steps.find(({ tool }) => tool === "read_pdf")?.runId;
  if (runId === undefined) return undefined;
  const differential = await loop.records.differential(runId);
  const replay = await loop.records.replay(runId, { signal });
  return differential === undefined ? undefined : { replay, differential };
}
