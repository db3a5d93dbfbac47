import { realpathSync } from "node:fs";
import { defined } from "../../base/optional.ts";
import type { Content } from "../../ledger/index.ts";
import type { SandboxTool } from "../../policy/index.ts";
import type { ChangedFile, RunResult } from "../../sandbox/index.ts";
import type { ChangeSet, ProposedChange } from "../../workspace/index.ts";
import { CHANGES_INLINE_MAX, SCANNED_FILES_BYTES_MAX, SCANNED_FILES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { recordedChange } from "../recording/changes.ts";
import { verdictBody } from "../recording/drafts.ts";
import { bounded, CHANGED_FILE } from "../records/run-story.ts";
import type { ChangeSetSummary } from "../reviews/review.ts";
import { overlayRoots } from "../sandboxes.ts";
import type { Call } from "./call.ts";

/** The agent's own changes that wait for approval, as the next run is to see them. */
export interface Pending {
  readonly changeSetId: string;
  readonly changes: readonly ProposedChange[];
}

/** Undefined when nothing of this agent waits in the places that the tool may write. */
export async function pendingOf(
  { workspace }: LoopParts,
  { scope }: Call,
  tool: SandboxTool,
): Promise<Pending | undefined> {
  const pending = await workspace.pendingFor(scope.agent);
  const places = new Set(overlayRoots(tool).map(({ hostRoot, guestRoot }) => `${guestRoot} ${realpathSync(hostRoot)}`));
  const set = pending === undefined ? undefined : workspace.get(pending.changeSetId);
  const isSeen = set?.roots.every(({ hostRoot, guestRoot }) => places.has(`${guestRoot} ${hostRoot}`)) ?? false;
  return isSeen ? pending : undefined;
}

export interface Proposal {
  readonly call: Call;
  readonly tool: SandboxTool;
  readonly command: string;
  readonly run: RunResult;
  readonly pending: Pending | undefined;
}

/** Lays a run's changes before a person; until then the host's files are as they were. Undefined when there are none. */
export async function proposeChanges(parts: LoopParts, proposal: Proposal): Promise<ChangeSetSummary | undefined> {
  const { call, tool, command, run, pending } = proposal;
  if (run.changes.length === 0) return undefined;
  const changeSet = await parts.workspace.propose({
    ...call.scope,
    tool: call.tool,
    command: bounded(command),
    roots: overlayRoots(tool),
    changes: run.changes,
    ...defined({ startedFrom: pending?.changeSetId }),
  });
  await record(call, run.changes, changeSet);
  scanFiles(parts, call, run.changes);
  parts.reviewsChanged();
  const files = run.changes.map(({ path, kind }) => ({ path, change: kind }));
  return { reviewId: changeSet.id, hash: changeSet.hash, files };
}

async function record({ recorder }: Call, changes: readonly ChangedFile[], { id, hash }: ChangeSet): Promise<void> {
  const recorded = changes.map(recordedChange);
  const list: { changes: typeof recorded } | { list: Content } =
    recorded.length <= CHANGES_INLINE_MAX
      ? { changes: recorded }
      : { list: await recorder.keep(Buffer.from(JSON.stringify(recorded), "utf8")) };
  recorder.record({
    kind: "change-set",
    body: { changeSetSha256: hash, count: recorded.length, ...list, details: { reviewId: id } },
  });
}

/** Files a run returned are looked at too, for the reviewer: they reach no model by this, so nothing is withheld. */
function scanFiles({ examiner }: LoopParts, { recorder }: Call, changes: readonly ChangedFile[]): void {
  let bytesLeft = SCANNED_FILES_BYTES_MAX;
  for (const { path, content } of changes.slice(0, SCANNED_FILES_MAX)) {
    if (content === undefined || content.length > bytesLeft) continue;
    bytesLeft -= content.length;
    const verdict = examiner.scan(content);
    if (verdict.decision === "admit") continue;
    const body = verdictBody(CHANGED_FILE, verdict);
    recorder.record({ kind: "verdict", body: { ...body, details: { path: path.toWellFormed() } } });
  }
}
