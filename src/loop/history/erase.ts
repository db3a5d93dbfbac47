import { ZtlError } from "../../errors.ts";
import type { Entry, ErasureOrder } from "../../ledger/index.ts";
import { ERASED_AT_ONCE_MAX, RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { taintOfErased } from "../state/rebuild.ts";
import { allOf } from "./run-story.ts";

/** What is to be erased. */
export type ErasedSubject = { readonly runId: string } | { readonly conversation: string; readonly agent?: string };

export type Erasure = Extract<Entry, { kind: "erasure" }>;

/**
 * Takes the content of a run, or of all of a conversation, out of the ledger and out of what the loop itself keeps: what was asked, returned,
 * said and found. Files that a run changed are the workspace's, and stay. Undefined when there is nothing (any more) to erase.
 * Throws ZtlError `erase-waiting` while a person is asked about one of the runs, and what `Ledger.erase` throws.
 */
export async function eraseRecord(
  parts: LoopParts,
  subject: ErasedSubject,
  why: Pick<ErasureOrder, "reason" | "by">,
): Promise<Erasure | undefined> {
  let last: Entry | undefined;
  for (;;) {
    const entries = await entriesOf(parts, subject);
    const runIds = [...new Set(entries.flatMap(({ runId }) => runId ?? []))];
    expectNobodyAsked(parts, runIds);
    const named =
      "runId" in subject
        ? { subject: "run" as const, name: subject.runId }
        : { subject: "conversation" as const, name: subject.conversation };
    const indices = entries.map(({ index }) => index);
    const recorded = await parts.ledger.erase({ ...named, indices, runIds, taint: taintOfErased(entries), ...why });
    forget(parts, runIds);
    if (recorded === undefined) break;
    last = recorded;
    parts.told(recorded);
  }
  return last?.kind === "erasure" ? last : undefined;
}

/** The erasures of runs whose id begins so, newest first. */
export function erasuresOf({ ledger }: Pick<LoopParts, "ledger">, prefix: string): Erasure[] {
  const erasures = allOf(ledger.query({ kind: "erasure", order: "last" }), "erasure");
  return erasures.filter(({ body }) => body.runIds?.some((runId) => runId.startsWith(prefix)));
}

async function entriesOf({ ledger, runIndex }: LoopParts, subject: ErasedSubject): Promise<Entry[]> {
  if ("runId" in subject) return ledger.query({ runId: subject.runId, limit: RUN_ENTRIES_MAX });
  const { conversation, agent } = subject;
  const places = await runIndex.places(conversation, { agent, limit: ERASED_AT_ONCE_MAX });
  return places.flatMap((place) => ledger.entry(place) ?? []);
}

function expectNobodyAsked({ reviewStore }: LoopParts, runIds: readonly string[]): void {
  const waiting = reviewStore.waitingFor(runIds);
  if (waiting === undefined) return;
  throw new ZtlError("erase-waiting", `Review ${waiting} waits for a decision about this`, {
    remedy: "Decide it first: ztl review",
  });
}

/** Copies that the loop has of it; indexes are made again from what is left. */
function forget(parts: LoopParts, runIds: readonly string[]): void {
  for (const runId of runIds) parts.originals.forget(runId);
  parts.reviewStore.forget(runIds);
  parts.callBook.forget(runIds);
  parts.runIndex.forget();
  parts.originIndex.forget();
}
