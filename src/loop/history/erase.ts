import { ZtlError } from "../../errors.ts";
import type { Entry, ErasureOrder } from "../../ledger/index.ts";
import { ERASED_AT_ONCE_MAX, RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { taintOfErased } from "../state/rebuild.ts";
import { allOf } from "./run-story.ts";

/** What is to be erased; `before` is a time (RFC 3339, UTC): all that was recorded earlier. */
export type ErasedSubject =
  | { readonly runId: string }
  | { readonly conversation: string; readonly agent?: string }
  | { readonly before: string };

export type Erasure = Extract<Entry, { kind: "erasure" }>;

/**
 * Takes the content of a run, of all of a conversation, or of all that is old, out of the ledger and out of what the loop itself keeps: what
 * was asked, returned, said and found. Files that a run changed are the workspace's, and stay. Returns the entries that say so, none when
 * nothing is left to erase. While a person is asked about one of the runs, ZtlError `erase-waiting` is thrown, and what is old of it stays. Throws what
 * `Ledger.erase` throws.
 */
export async function eraseRecord(
  parts: LoopParts,
  subject: ErasedSubject,
  why: Pick<ErasureOrder, "reason" | "by">,
): Promise<readonly Erasure[]> {
  const erasures: Entry[] = [];
  for await (const entries of portionsOf(parts, subject)) {
    const runIds = runsOf(entries);
    const indices = entries.map(({ index }) => index);
    const order = { ...nameOf(subject), indices, runIds, taint: taintOfErased(entries), ...why };
    const recorded = await parts.ledger.erase(order);
    forget(parts, runIds);
    if (recorded === undefined) continue;
    erasures.push(recorded);
    parts.told(recorded);
  }
  return allOf(erasures, "erasure");
}

/** The erasures of runs whose id begins so, newest first. */
export function erasuresOf({ ledger }: Pick<LoopParts, "ledger">, prefix: string): Erasure[] {
  const erasures = allOf(ledger.query({ kind: "erasure", order: "last" }), "erasure");
  return erasures.filter(({ body }) => body.runIds?.some((runId) => runId.startsWith(prefix)));
}

function nameOf(subject: ErasedSubject): Pick<ErasureOrder, "subject" | "name"> {
  if ("runId" in subject) return { subject: "run", name: subject.runId };
  if ("before" in subject) return { subject: "age", name: subject.before };
  return { subject: "conversation", name: subject.conversation };
}

function runsOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.flatMap(({ runId }) => runId ?? []))];
}

/** The entries of what is to be erased, as many at a time as one erasure can name. */
async function* portionsOf(parts: LoopParts, subject: ErasedSubject): AsyncGenerator<Entry[]> {
  const { ledger, reviewStore } = parts;
  if ("runId" in subject) {
    const entries = ledger.query({ runId: subject.runId, limit: RUN_ENTRIES_MAX });
    expectNobodyAsked(parts, entries);
    yield entries;
  } else if ("before" in subject)
    for (let fromIndex = 0; ; ) {
      const entries = ledger.query({ until: subject.before, fromIndex });
      const last = entries.at(-1);
      if (last === undefined) return;
      const waiting = new Set(reviewStore.waitingFor(runsOf(entries)).map(({ runId }) => runId));
      yield entries.filter(({ runId = "" }) => !waiting.has(runId));
      fromIndex = last.index + 1;
    }
  else
    for (let done = new Set<number>(); ; ) {
      const { conversation, agent } = subject;
      // What was erased is not found by its conversation any more; what stays has nothing to erase.
      const places = await parts.runIndex.places(conversation, { agent, limit: ERASED_AT_ONCE_MAX });
      if (places.every((place) => done.has(place))) return;
      done = new Set(places);
      const entries = places.flatMap((place) => ledger.entry(place) ?? []);
      expectNobodyAsked(parts, entries);
      yield entries;
    }
}

function expectNobodyAsked({ reviewStore }: LoopParts, entries: readonly Entry[]): void {
  const [waiting] = reviewStore.waitingFor(runsOf(entries));
  if (waiting === undefined) return;
  throw new ZtlError("erase-waiting", `Review ${waiting.id} waits for a decision about this`, {
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
