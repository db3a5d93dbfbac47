import type { EntryDraft } from "../../ledger/index.ts";
import { Recorder } from "../history/recorder.ts";
import type { LoopParts } from "../parts.ts";

type BodyOf<K extends EntryDraft["kind"]> = Extract<EntryDraft, { kind: K }>["body"];

/** Whose run it is about. */
export interface Decided {
  readonly runId: string;
  readonly agent: string;
}

/** A person's decision, or the lack of one, in the ledger. */
export async function recordDecision(parts: LoopParts, of: Decided, body: BodyOf<"approval">): Promise<void> {
  const recorder = new Recorder(parts.ledger, { runId: of.runId, agent: of.agent }, parts.told);
  recorder.record({ kind: "approval", body });
  await recorder.settle();
  parts.reviewsChanged();
}

/** Paths as the ledger takes them. */
export function wellFormed(paths: readonly string[]): string[];
export function wellFormed(paths: readonly string[] | undefined): string[] | undefined;
export function wellFormed(paths: readonly string[] | undefined): string[] | undefined {
  return paths?.map((path) => path.toWellFormed());
}

export type SyncBody = BodyOf<"sync">;

/** What became of a change set's files. */
export async function recordSync(parts: LoopParts, of: Decided, body: SyncBody): Promise<void> {
  const recorder = new Recorder(parts.ledger, { runId: of.runId, agent: of.agent }, parts.told);
  recorder.record({ kind: "sync", body });
  await recorder.settle();
  parts.reviewsChanged();
}
