import type { ConflictReason } from "../files/obstacle.ts";
import type { TreeEdit } from "./node-state.ts";
import type { Root } from "./proposed-change.ts";

export type ChangeKind =
  | "add"
  | "modify"
  | "delete"
  /** Permissions or owner only. */
  | "mode"
  | "symlink"
  | "rename"
  | "hard-link"
  /** Another kind of thing under the same name, such as a file where a directory was. */
  | "type-change";

/** What a reviewer should look at twice. */
export type ChangeFlag =
  | "setuid"
  | "executable"
  /** A symbolic link to an absolute path or to outside its root. */
  | "symlink-outside"
  | "binary"
  /** Too large to be compared line by line. */
  | "large"
  /** The name has characters that do not show, or that change how others show. */
  | "hidden-characters"
  /** Another name beside it differs in upper and lower case only. */
  | "case-clash"
  /** The file has names that this change set does not mention; a change of mode shows under them too. */
  | "other-names";

/** One changed path. */
export interface ChangeEntry {
  /** In the guest, as text; unique in its change set, and what a selection names it by. */
  readonly path: string;
  readonly hostPath: string;
  readonly kind: ChangeKind;
  /** Exactly what would be done. Byte strings have one character per byte. */
  readonly edit: TreeEdit;
  /** Guest paths: where it was before, where it went, what it is one more name of. */
  readonly renamedFrom?: string;
  readonly renamedTo?: string;
  readonly linkOf?: string;
  /** As text. */
  readonly symlinkTarget?: string;
  readonly flags: readonly ChangeFlag[];
  /** Why it needs a yes of its own; empty for most. */
  readonly protectedBecause: readonly string[];
  /** The call that changed it last, where several may have. */
  readonly by?: { readonly runId: string; readonly tool: string };
  /** Known from the start to be impossible: approving it ends in a conflict. */
  readonly blocked?: ConflictReason;
}

/** Everything a reviewer agrees to. */
export interface Manifest {
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  readonly command: string;
  readonly roots: readonly Root[];
  readonly entries: readonly ChangeEntry[];
}

export type ChangeSetState =
  | "pending"
  | "approved"
  | "applying"
  | "applied"
  | "undone"
  | "conflict"
  | "rejected"
  | "expired"
  | "superseded";

export interface Conflict {
  readonly path: string;
  readonly reason: ConflictReason;
}

export interface ChangeSetSummary {
  readonly id: string;
  readonly hash: string;
  readonly state: ChangeSetState;
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  readonly command: string;
  readonly entryCount: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decidedAt?: number;
  readonly decidedBy?: string;
  readonly message?: string;
}

export interface ChangeSet extends ChangeSetSummary {
  readonly roots: readonly Root[];
  readonly entries: readonly ChangeEntry[];
  /** Paths that were approved; absent before. */
  readonly chosen?: readonly string[];
  /** Those of them that were applied and are undone now. */
  readonly undone?: readonly string[];
  /** What kept it from being applied. */
  readonly conflicts: readonly Conflict[];
}
