import type { Finding } from "../../guard/index.ts";
import type { Decision } from "../../policy/index.ts";
import type { Judgement } from "../monitor/judgement.ts";
import type { ArgumentOrigin } from "../origins/argument-origin.ts";
import type { DecisionSignature, ReviewerSigner } from "../reviewers/signature.ts";
import type { Standing } from "../reviewers/votes.ts";

/** What a person is asked about: the types of the page, the command line and the API. */

export type ReviewKind = "change-set" | "call" | "content";

/**
 * `pending` waits; `approved` was agreed to (a call that may be made once, a content that may be collected); `applied` and
 * `undone` tell of a change set's files; `conflict` means the host's files are no longer what the run saw.
 */
export type ReviewState =
  | "pending"
  | "approved"
  | "used"
  | "applied"
  | "undone"
  | "conflict"
  | "failed"
  | "rejected"
  | "expired"
  | "superseded";

export interface ReviewSummary {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly state: ReviewState;
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  /** The command that made it: on one line in lists, whole in a `Review`. A guest or a model may have chosen it. */
  readonly command: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** SHA-256 in hexadecimal of exactly what is asked about; a decision names it. */
  readonly hash: string;
  /** One line of ours, such as `3 files changed`. */
  readonly title: string;
  readonly decidedBy?: string;
  readonly message?: string;
  /** Who has agreed and who is missing, where the policy wants more than one reviewer's yes. */
  readonly standing?: Standing;
  /** What the conversation that asks has taken in; with a whole review only. */
  readonly takenIn?: readonly TakenIn[];
}

/** One source of what a conversation has taken in. */
export interface TakenIn {
  /** A name of the configuration, such as a tool's; `*` stands for more than are kept apart. */
  readonly source: string;
  readonly trust: "trusted" | "untrusted";
  readonly confidentiality: "public" | "private";
  /** Such as `output` of a tool or another agent, `retrieval` from a vector store, `restore` of a snapshot. */
  readonly ways: readonly string[];
  /** The last runs that brought it. */
  readonly runIds: readonly string[];
}

export type Review = ReviewSummary &
  (
    | {
        readonly kind: "change-set";
        readonly files: readonly FileChange[];
        readonly conflicts: readonly Conflict[];
        readonly lastSync?: LastSync;
      }
    | {
        readonly kind: "call";
        readonly input: string;
        readonly decision: Decision;
        /** What the monitor said of it; absent where none judged it. Texts quote what others wrote. */
        readonly judgement?: Judgement;
        /** Where the values in its arguments came from; absent when the ledger cannot tell. Texts in it are hostile. */
        readonly origins?: readonly ArgumentOrigin[];
        /** Entries of which something cannot be read any more: what stood in them is not among the origins. */
        readonly unread?: readonly number[];
      }
    | {
        readonly kind: "content";
        readonly text: string;
        /** Why it was withheld: of the verdict that did it. For reviews of an earlier version, what today's rules see. */
        readonly findings: readonly Finding[];
        /** Rules that blocked it, by `path`: to release it each must be named in `protectedFiles`. Absent when one yes will do. */
        readonly toName?: readonly Conflict[];
        /** Further findings that were not kept. */
        readonly unlisted?: number;
        /** What today's rules see beyond that. */
        readonly foundToday?: readonly Finding[];
      }
  );

/** A change set as the agent's side sees it. Names are the guest's choice: what a model may read of them is in `forModel`. */
export interface ChangeSetSummary {
  readonly reviewId: string;
  readonly hash: string;
  readonly files: readonly { readonly path: string; readonly change: string }[];
}

/** One changed file of a change set, for a list. Its name is the guest's choice: escape it. */
export interface FileChange {
  /** What `approve` names it by; for a name that is not UTF-8 not the exact bytes. */
  readonly path: string;
  readonly hostPath: string;
  readonly change: "add" | "modify" | "delete" | "mode" | "rename" | "symlink" | "hard-link" | "type-change";
  readonly fileType: string;
  readonly renamedFrom?: string;
  readonly symlinkTarget?: string;
  readonly mode?: number;
  /** What else than its content is not as it was, in words of ours: permissions, owner, or, with nothing else, the time. */
  readonly attributes?: string;
  readonly baseSizeBytes?: number;
  readonly newSizeBytes?: number;
  /** What a reviewer should look at twice, such as `setuid` or `symlink-outside`. */
  readonly flags: readonly string[];
  /** Of a change set that was written: whether this file is, or was put back since. Absent for one that was not chosen. */
  readonly now?: "applied" | "undone";
  /** The run that changed it last. */
  readonly byRunId?: string;
  /** Why this path needs a yes of its own; absent for others. */
  readonly protectedBecause?: string;
}

/** A file that somebody changed while it was being written, undone or recovered: it stays as they left it. */
export interface SparedFile {
  readonly path: string;
  /** Where the version that would have stood there is kept. */
  readonly keptAs?: string;
}

/** What became of the last attempt to write a change set, to undo it, or to end what a killed process had begun. */
export interface LastSync {
  readonly outcome: "applied" | "conflict" | "failed" | "rolled-back" | "undone";
  readonly error?: { readonly code: string; readonly message: string };
  readonly spared: readonly SparedFile[];
}

export interface Conflict {
  readonly path: string;
  readonly reason: string;
}

/** One file of a change set, opened. */
export interface FileView {
  readonly change: FileChange;
  readonly diff: FileDiffView;
  /** What the guard sees in the new content; offsets are bytes of it. */
  readonly findings: readonly Finding[];
}

export type FileDiffView =
  | {
      readonly kind: "text";
      readonly added: number;
      readonly removed: number;
      readonly truncated: boolean;
      readonly hunks: readonly DiffHunk[];
    }
  | { readonly kind: "binary" | "large" | "none"; readonly note: string };

export interface DiffHunk {
  readonly oldStart: number;
  readonly newStart: number;
  /** Without their line ends. `newOffset` is the byte at which the line begins in the new content (not for `remove`). */
  readonly lines: readonly {
    readonly kind: "same" | "add" | "remove";
    readonly text: string;
    readonly newOffset?: number;
  }[];
}

export interface DecisionOptions {
  /** Who decides. A name for the ledger, which anybody can give, until there are reviewers (`loop.reviewers`): then it must be proven. */
  readonly reviewer: string;
  readonly message?: string;
  /** Proves it here and now. */
  readonly signer?: ReviewerSigner;
  /** Proves it by a signature that was made elsewhere, for exactly this decision. */
  readonly signature?: DecisionSignature;
}

export interface RejectOptions extends DecisionOptions {
  /** The `hash` of what the reviewer saw. */
  readonly hash?: string;
  /** Only these files of a change set, by `path`. */
  readonly files?: readonly string[];
}

export interface ReverseOptions extends DecisionOptions {
  /** Only these files of a change set, by `path`; all that can be when absent. */
  readonly files?: readonly string[];
}

export interface ApproveOptions extends DecisionOptions {
  /** The `hash` of what the reviewer saw. */
  readonly hash: string;
  /** Only these files of a change set, by `path`. */
  readonly files?: readonly string[];
  /** Each protected path that is agreed to, or each rule that blocked a content, by name. */
  readonly protectedFiles?: readonly string[];
}

/** What became of a decision. Everything but `done` left the review as it was, or tells where it stands now. */
export type DecisionResult =
  | {
      readonly status: "done";
      readonly state: ReviewState;
      readonly files: readonly string[];
      readonly spared?: readonly SparedFile[];
      /** The review of what was applied, where the rest of it waits on under its own. */
      readonly changeSetId?: string;
      /** Chosen too, but the host's files have changed: these wait on under the same review. */
      readonly conflicts?: readonly Conflict[];
    }
  /** Something else was shown than is there now. */
  | { readonly status: "stale"; readonly hash: string }
  | { readonly status: "not-found" }
  /** Somebody, or time, was faster. */
  | { readonly status: "already"; readonly state: ReviewState; readonly decidedBy?: string }
  | {
      readonly status: "conflict";
      readonly conflicts: readonly Conflict[];
      readonly spared?: readonly SparedFile[];
    }
  /** Paths, or rules that blocked a content, that need to be named in `protectedFiles`. */
  | { readonly status: "protected"; readonly files: readonly Conflict[] }
  /** Who decides is not somebody who may, or did not prove it. Nothing was decided. */
  | {
      readonly status: "not-allowed";
      readonly code:
        | "signature-required"
        | "reviewer-unknown"
        | "signature-invalid"
        | "signature-expired"
        | "signature-used"
        | "own-process";
      readonly message: string;
      readonly remedy: string;
    }
  /** The yes is counted, and the policy wants more: so many reviewers, and somebody of each of these roles. */
  | {
      readonly status: "more-reviewers";
      readonly given: readonly string[];
      readonly missing: number;
      readonly roles: readonly string[];
    }
  /** The choice of files cannot stand alone, or names what is not there. */
  | { readonly status: "bad-selection"; readonly files: readonly Conflict[] }
  | {
      readonly status: "failed";
      readonly error: { readonly code: string; readonly message: string };
      readonly spared?: readonly SparedFile[];
    };
