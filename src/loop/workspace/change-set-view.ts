import { defined } from "../../base/optional.ts";
import { mapInSlices, setOf } from "../../base/pace.ts";
import type { ChangeEntry, ChangeSet, ChangeSetSummary, FileDiff, NodeState } from "../../workspace/index.ts";
import { oneLine } from "../history/run-story.ts";
import type { FileChange, FileDiffView, Review, ReviewState, ReviewSummary } from "../reviews/review.ts";
import { explainConflict } from "./conflict-reasons.ts";

/** Change sets in the words that all reviews have. */

export function summaryOfChangeSet(set: ChangeSetSummary): ReviewSummary {
  const { id, hash, runId, agent, tool, createdAt, expiresAt, entryCount } = set;
  return {
    id,
    kind: "change-set",
    state: stateOf(set),
    runId,
    agent,
    tool,
    command: oneLine(set.command),
    createdAt,
    expiresAt,
    hash,
    title: entryCount === 1 ? "1 file changed" : `${entryCount} files changed`,
    ...defined({ decidedBy: set.decidedBy, message: set.message }),
  };
}

/** A set that is being applied was approved, and nobody can tell yet what comes of it. */
function stateOf({ state }: ChangeSetSummary): ReviewState {
  return state === "applying" ? "approved" : state;
}

export async function reviewOfChangeSet(set: ChangeSet): Promise<Review> {
  const nowOf = await whatIsNow(set);
  return {
    ...summaryOfChangeSet(set),
    kind: "change-set",
    command: set.command,
    files: await mapInSlices(set.entries, (entry) => ({ ...fileChange(entry), ...defined({ now: nowOf(entry) }) })),
    conflicts: await mapInSlices(set.conflicts, ({ path, reason }) => ({ path, reason: explainConflict(reason) })),
  };
}

/** Single files of a set may be put back, and written again. */
async function whatIsNow({
  state,
  chosen,
  undone = [],
}: ChangeSet): Promise<(entry: ChangeEntry) => FileChange["now"]> {
  if (state !== "applied" && state !== "undone") return () => undefined;
  const written = chosen && (await setOf(chosen));
  const putBack = await setOf(undone);
  return ({ path }) => {
    if (written?.has(path) === false) return undefined;
    return putBack.has(path) ? "undone" : "applied";
  };
}

export function fileChange(entry: ChangeEntry): FileChange {
  const { path, hostPath, kind, edit, renamedFrom, symlinkTarget, flags, protectedBecause, blocked, by } = entry;
  const { before, after } = edit;
  return {
    path,
    hostPath,
    change: kind,
    fileType: after.type === "absent" ? before.type : after.type,
    ...defined({ renamedFrom, symlinkTarget, byRunId: by?.runId }),
    ...("mode" in after ? { mode: after.mode } : {}),
    ...defined({ attributes: describeAttributes(before, after) }),
    ...(before.type === "file" ? { baseSizeBytes: before.sizeBytes } : {}),
    ...(after.type === "file" ? { newSizeBytes: after.sizeBytes } : {}),
    flags: blocked === undefined ? flags : [...flags, "cannot-be-applied"],
    ...(protectedBecause.length === 0 ? {} : { protectedBecause: protectedBecause.join("; ") }),
  };
}

/** Undefined when nothing of it is other than before. */
function describeAttributes(before: NodeState, after: NodeState): string | undefined {
  const told: string[] = [];
  if ("mode" in before && "mode" in after && before.mode !== after.mode)
    told.push(`permissions ${before.mode.toString(8)}, now ${after.mode.toString(8)}`);
  if ("uid" in before && "uid" in after && (before.uid !== after.uid || before.gid !== after.gid))
    told.push(`owner ${before.uid}:${before.gid}, now ${after.uid}:${after.gid}`);
  if (told.length === 0 && before.type === "file" && after.type === "file" && before.sha256 === after.sha256) {
    const [was, is] = [before.mtimeNs, after.mtimeNs];
    if (was !== undefined && is !== undefined && was !== is) told.push(`changed ${timeOf(was)}, now ${timeOf(is)}`);
  }
  return told.length === 0 ? undefined : told.join("; ");
}

/** Years that no calendar of JavaScript has are told as seconds. */
function timeOf(mtimeNs: string): string {
  const ms = Number(BigInt(mtimeNs) / 1_000_000n);
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${Math.floor(ms / 1000)} s` : date.toISOString();
}

export function diffView(diff: FileDiff, { change, fileType, attributes }: FileChange): FileDiffView {
  switch (diff.kind) {
    case "text":
      return diff;
    case "binary":
      return { kind: "binary", note: `not text; ${sizes(diff)}` };
    case "large":
      return { kind: "large", note: `too large or too different to be compared line by line; ${sizes(diff)}` };
    case "base-changed":
      return {
        kind: "none",
        note: "the host's file is not what the run started from, so there is nothing to compare with",
      };
    case "none":
      return { kind: "none", note: attributes ?? (change === "add" ? `a new ${fileType}` : "no content changed") };
  }
}

function sizes({ base, new: now }: Extract<FileDiff, { kind: "binary" | "large" }>): string {
  const size = (facts: typeof base): string => (facts === undefined ? "nothing" : `${facts.sizeBytes} bytes`);
  return `${size(base)} before, ${size(now)} after`;
}
