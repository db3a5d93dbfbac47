import type {
  ApproveOptions,
  CloseOptions,
  CloseResult,
  DecisionOptions,
  DecisionResult,
  Entry,
  FileView,
  LoopEvent,
  OpenBreaker,
  OpenRequest,
  RebaseOptions,
  RebaseResult,
  RejectOptions,
  ReplayOutcome,
  ReverseOptions,
  Review,
  ReviewerRecord,
  ReviewSummary,
  ReviewsQuery,
  RunRecord,
  RunRow,
  RunsQuery,
  SignedHead,
  Timeline,
  Verification,
} from "../loop/index.ts";

/** Ledger content as an entry names it. */
export interface EntryContent {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly base64?: string | undefined;
}

export interface EntryRange {
  readonly runId?: string;
  readonly fromIndex?: number;
  readonly toIndex?: number;
  readonly order?: "first" | "last";
  readonly limit: number;
}

/** What the server needs of a loop: `ZeroTrustLoop` has it. Nothing here lets anybody make a tool call. */
export interface Desk {
  readonly reviews: {
    /** Another one whenever what waits may be another; unless it is time alone that passed. Costs next to nothing. */
    version(): string;
    list(query?: ReviewsQuery): Promise<readonly ReviewSummary[]>;
    get(id: string): Promise<Review | undefined>;
    file(id: string, path: string): Promise<FileView | undefined>;
    approve(id: string, options: ApproveOptions): Promise<DecisionResult>;
    reject(id: string, options: RejectOptions): Promise<DecisionResult>;
    revoke(id: string, options: DecisionOptions & { readonly hash?: string }): Promise<DecisionResult>;
    rebase(id: string, options: RebaseOptions): Promise<RebaseResult>;
    undo(id: string, options: ReverseOptions): Promise<DecisionResult>;
    redo(id: string, options: ReverseOptions): Promise<DecisionResult>;
  };
  readonly breakers: {
    /** What is stopped, the newest first. */
    list(): readonly OpenBreaker[];
    open(request: OpenRequest): Promise<OpenBreaker>;
    close(id: string, options: CloseOptions): Promise<CloseResult>;
  };
  /** What of the configuration's mounts is not there now. */
  readonly mountProblems: readonly { readonly path: string; readonly message: string; readonly remedy: string }[];
  readonly reviewers: {
    list(): readonly ReviewerRecord[];
    whoseToken(token: string): ReviewerRecord | undefined;
  };
  readonly records: {
    runs(query?: RunsQuery): RunsPage | Promise<RunsPage>;
    run(runId: string): Promise<RunRecord | undefined>;
    timeline(conversation: string, agent?: string): Promise<Timeline | undefined>;
    verify(): Promise<Verification>;
    replay(runId: string, options?: { readonly signal?: AbortSignal }): Promise<ReplayOutcome>;
  };
  readonly ledger: {
    head(): SignedHead | undefined;
    entry(index: number): Entry | undefined;
    query(range: EntryRange): Entry[];
    content(content: EntryContent): Promise<Uint8Array>;
  };
  onEvent(listener: (event: LoopEvent) => void): () => void;
}

export interface RunsPage {
  readonly rows: readonly RunRow[];
  readonly next?: number;
}
