import type { ApproveResult, RejectResult } from "../review/approval.ts";
import type { RebasedFile, RebaseTake, UnmergedFile } from "./rebase.ts";

/** What can be decided about a workspace's pending changes, and what comes of it. */

/** `left`: entries that were chosen too, and wait on: the host's files are no longer what they were made from. */
export type SpaceApproveResult = ApproveResult;

export interface SpaceRejectOptions {
  readonly reviewer?: string | undefined;
  readonly message?: string | undefined;
  /** The hash of what the reviewer saw. */
  readonly hash?: string | undefined;
  /** Entries by `path`; all when absent. */
  readonly files?: readonly string[] | undefined;
}

export type SpaceRejectResult =
  | RejectResult
  | Extract<ApproveResult, { status: "stale" | "unknown-files" | "nothing-chosen" | "incomplete-selection" }>;

export interface SpaceRebaseOptions {
  /** The hash of what the reviewer saw. */
  readonly hash: string;
  /** Default `merge`. */
  readonly take?: RebaseTake | undefined;
  /** Entries by `path`; all that are in conflict when absent. */
  readonly files?: readonly string[] | undefined;
}

export type SpaceRebaseResult =
  | {
      readonly status: "rebased";
      /** Of what is pending now; a decision names it. */
      readonly hash: string;
      readonly files: readonly RebasedFile[];
      readonly unmerged: readonly UnmergedFile[];
    }
  | Extract<ApproveResult, { status: "stale" | "expired" | "unknown-files" | "nothing-chosen" }>;
