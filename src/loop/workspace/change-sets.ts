import { jsonBytes } from "../../base/json-slices.ts";
import { defined } from "../../base/optional.ts";
import { mapInSlices } from "../../base/pace.ts";
import type { Content } from "../../ledger/index.ts";
import type { Label, SandboxTool } from "../../policy/index.ts";
import type { ChangedFile, RunResult } from "../../sandbox/index.ts";
import type { CommitResult, SpaceView } from "../../workspace/index.ts";
import type { Call } from "../call/call.ts";
import { recordedChange } from "../history/changes.ts";
import { verdictBody } from "../history/drafts.ts";
import { bounded, CHANGED_FILE } from "../history/run-story.ts";
import { CHANGES_INLINE_MAX, NAMES_FOR_MODEL_MAX, SCANNED_FILES_BYTES_MAX, SCANNED_FILES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { ChangeSetSummary } from "../reviews/review.ts";
import { mountRoots, overlayRoots } from "../sandboxes.ts";
import { callsOwnWorkspace } from "./workspace-owner.ts";

/** The `note` entry about changes of a call that its workspace did not take. */
export const CHANGES_NOT_TAKEN = "changes-not-taken";

/** The conversation's workspace as the call found it; for one that is to see the host's files as they are, a new one of its own. */
export async function workspaceOf({ workspace }: LoopParts, { caller, scope, files }: Call): Promise<SpaceView> {
  const { spaces } = workspace;
  if (files?.kind !== "workspace") return await spaces.view(callsOwnWorkspace(scope.runId), caller.agent);
  return await spaces.viewAt(files.spaceId, files.version);
}

/** Labels of the conversations that wrote what a run read of its workspace, file by file. */
export function labelsRead({ workspace }: LoopParts, { tool, run, seen }: Omit<Finished, "labels">): readonly Label[] {
  const paths = run.reads.filter(({ fromLayer }) => fromLayer).map(({ path }) => path);
  // The workspace keeps what it was given by this module.
  return workspace.spaces.labelsOf(seen, mountRoots(tool), paths) as unknown as readonly Label[];
}

export interface Finished {
  readonly call: Call;
  readonly tool: SandboxTool;
  readonly command: string;
  readonly run: RunResult;
  /** The workspace under the run: what earlier calls have changed, as this one found it. */
  readonly seen: SpaceView;
  /** Of what it read. */
  readonly labels: readonly Label[];
}

export interface TakenChanges {
  /** What the run changed of what it saw, and its workspace took. */
  readonly changes: readonly ChangedFile[];
  readonly result: CommitResult | undefined;
  /** Absent when nothing of the workspace waits for a person. */
  readonly changeSet: ChangeSetSummary | undefined;
}

/** Adds a run's changes to its workspace, where the next call finds them; the host's files are as they were. */
export async function takeChanges(parts: LoopParts, finished: Finished): Promise<TakenChanges> {
  const { call, tool, command, run, seen, labels } = finished;
  const { spaces } = parts.workspace;
  const roots = overlayRoots(tool);
  const { changes } = run;
  if (changes.length === 0) return { changes, result: undefined, changeSet: undefined };
  const taint = parts.conversations.taintOf(call.caller.agent, call.caller.conversation);
  const result = await spaces.commit(seen, {
    ...call.scope,
    tool: call.tool,
    command: bounded(command),
    roots,
    changes,
    labels: taint.join(...labels).labels.map((label) => ({ ...label })),
  });
  await record(call, changes, result);
  await recordRefused(parts, call, result);
  scanFiles(parts, call, changes);
  parts.reviewsChanged();
  const taken = takenOf(changes, result);
  const files = await mapInSlices(taken, ({ path, kind }) => ({ path, change: kind }));
  const { review } = result;
  return { changes: taken, result, changeSet: review && { reviewId: review.id, hash: review.hash, files } };
}

function takenOf(
  changes: readonly ChangedFile[],
  { conflicts, dropped, beyond }: CommitResult,
): readonly ChangedFile[] {
  if (beyond !== undefined) return [];
  const refused = new Set([...conflicts, ...dropped].map(({ path }) => path));
  return refused.size === 0 ? changes : changes.filter(({ path }) => !refused.has(path));
}

/** What of a call's changes its workspace did not take as it was, for the model; the names are the guest's choice. */
export function describeTaken(result: CommitResult | undefined): string[] {
  if (result === undefined) return [];
  const { joined, conflicts, dropped, beyond } = result;
  const named = (paths: readonly { path: string }[]): string =>
    paths
      .slice(0, NAMES_FOR_MODEL_MAX)
      .map(({ path }) => JSON.stringify(path))
      .concat(paths.length > NAMES_FOR_MODEL_MAX ? [`and ${paths.length - NAMES_FOR_MODEL_MAX} more`] : [])
      .join("\n");
  const reasons: Readonly<Record<(typeof conflicts)[number]["reason"], string>> = {
    "changed-by-another-call":
      "not changed: another call changed them meanwhile; read them again, then change what they are now",
    "directory-gone": "not changed: another call removed the directory they are in",
    "directory-in-use": "not removed: another call put files into them meanwhile",
  };
  const notes: string[] = [];
  for (const [reason, words] of Object.entries(reasons)) {
    const paths = conflicts.filter((conflict) => conflict.reason === reason);
    if (paths.length > 0) notes.push(`${words}\n${named(paths)}\n`);
  }
  if (joined.length > 0)
    notes.push(
      `changed by another call meanwhile, too; both changes are in\n${named(joined.map((path) => ({ path })))}\n`,
    );
  if (dropped.length > 0)
    notes.push(`not kept: no regular file, directory or link, or not a name that can be kept\n${named(dropped)}\n`);
  if (beyond !== undefined)
    notes.push(
      `none of its changes were kept: there would be ${beyond.found} ${beyond.what} changed; ${beyond.most} may be`,
    );
  return notes;
}

async function record(
  { recorder }: Call,
  changes: readonly ChangedFile[],
  { hash, review, spaceId, version }: CommitResult,
): Promise<void> {
  const recorded = await mapInSlices(changes, recordedChange);
  const list: { changes: typeof recorded } | { list: Content } =
    recorded.length <= CHANGES_INLINE_MAX
      ? { changes: recorded }
      : { list: await recorder.keep(await jsonBytes(recorded)) };
  recorder.record({
    kind: "change-set",
    body: {
      changeSetSha256: hash,
      count: recorded.length,
      ...list,
      details: { ...defined({ reviewId: review?.id }), workspace: spaceId, version },
    },
  });
}

/** Work that was not taken is kept as content, so that nothing a call did is lost. */
async function recordRefused({ workspace }: LoopParts, { recorder }: Call, result: CommitResult): Promise<void> {
  const { conflicts, dropped, beyond } = result;
  if (conflicts.length === 0 && dropped.length === 0 && beyond === undefined) return;
  const contents: Content[] = [];
  for (const { refusedSha256 } of conflicts.slice(0, CHANGES_INLINE_MAX)) {
    const content = refusedSha256 === undefined ? undefined : await workspace.spaces.keptContent(refusedSha256);
    if (content !== undefined) contents.push(await recorder.keep(content));
  }
  const listed = [...conflicts, ...dropped]
    .slice(0, CHANGES_INLINE_MAX)
    .map((one) => ({ ...one, path: one.path.toWellFormed() }));
  const count = conflicts.length + dropped.length;
  const details = { changes: listed, ...(beyond && { beyond: { ...beyond } }) };
  recorder.record({ kind: "not-taken", body: { count, contents, details } });
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
