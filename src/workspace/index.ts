export type {
  ChangeEntry,
  ChangeFlag,
  ChangeKind,
  ChangeSet,
  ChangeSetState,
  ChangeSetSummary,
  Conflict,
} from "./changes/change-set.ts";
export type { NodeState, TreeEdit } from "./changes/node-state.ts";
export type { Proposal } from "./changes/proposal.ts";
export type { ProposedChange, Root } from "./changes/proposed-change.ts";
export { PROTECTED_PATHS, type ProtectedPath } from "./changes/protected-paths.ts";
export type { ConflictReason } from "./files/obstacle.ts";
export type { ApproveOptions, ApproveResult, RejectResult } from "./review/approval.ts";
export type { Side } from "./review/entry-content.ts";
export type { ContentFacts, DiffHunk, DiffLine, DiffOptions, FileDiff } from "./review/file-diff.ts";
export type { QueueFilter, QueuePlace } from "./review/queue.ts";
export type { MissingChoice } from "./review/selection.ts";
export type { RebasedFile, RebaseTake, UnmergedFile } from "./spaces/rebase.ts";
export type { SpaceRebaseOptions, SpaceRebaseResult } from "./spaces/space-decisions.ts";
export type { LayerInUse } from "./spaces/space-layers.ts";
export type { SpaceReview } from "./spaces/space-reviews.ts";
export type { CommitConflict, CommitResult, SpaceChanges, SpaceView } from "./spaces/spaces.ts";
export type { ListFilter } from "./state/change-sets.ts";
export type { JournalPhase, Operation } from "./state/journal.ts";
export type { Aside } from "./sync/aside.ts";
export type { Recovered } from "./sync/recovery.ts";
export type { SyncResult, UndoResult } from "./sync/synchroniser.ts";
export { type RejectOptions, Workspace, type WorkspaceOptions } from "./workspace.ts";
