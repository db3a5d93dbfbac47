import type { ByteString } from "../../base/byte-string.ts";

/** Why a path cannot be changed as agreed: the host's tree is not what the run saw, or does not let us. */
export type ConflictReason =
  | "missing"
  | "root-missing"
  | "already-exists"
  | "type-changed"
  | "content-changed"
  | "mode-changed"
  | "owner-changed"
  | "link-target-changed"
  | "base-changed-during-run"
  | "base-unknown"
  | "directory-not-empty"
  | "parent-missing"
  | "parent-not-directory"
  | "other-file-system"
  | "hidden-place"
  | "changed-during-sync"
  | "unsupported-type"
  | "inexact-name"
  | "reserved-name"
  | "owner-not-permitted"
  /** What was kept of it for the host is not what the reviewer was shown any more, or is gone. */
  | "kept-content-changed"
  /** The host's change and the agent's both stand in it, between markers. */
  | "conflict-markers"
  /** Nothing is wrong with it, but it cannot be without another entry that is in conflict. */
  | "needs-another";

/** Thrown inside the room only; callers get it as a conflict. */
export class Obstacle extends Error {
  readonly path: ByteString;
  readonly reason: ConflictReason;

  constructor(path: ByteString, reason: ConflictReason) {
    super(reason);
    this.path = path;
    this.reason = reason;
  }
}
