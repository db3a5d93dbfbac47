import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { terminalLine } from "../../base/text/index.ts";
import { ZtlError } from "../../errors.ts";
import type { Finding } from "../../guard/index.ts";
import type {
  ApproveResult,
  Aside,
  ChangeSet,
  Conflict as FileConflict,
  QueueFilter,
  QueuePlace,
  Recovered,
  RejectResult,
} from "../../workspace/index.ts";
import { findingsBeyond } from "../gate/kept-findings.ts";
import { findingsOfEntry } from "../history/drafts.ts";
import { allOf, CHANGED_FILE, detail } from "../history/run-story.ts";
import { RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import { recordDecision, recordSync, type SyncBody, wellFormed } from "../reviews/decisions.ts";
import type {
  ApproveOptions,
  DecisionResult,
  FileView,
  RejectOptions,
  ReverseOptions,
  Review,
  ReviewSummary,
} from "../reviews/review.ts";
import { asideDetails, spared } from "./aside-details.ts";
import { diffView, fileChange, reviewOfChangeSet, summaryOfChangeSet } from "./change-set-view.ts";
import { explainConflict } from "./conflict-reasons.ts";
import { lastSyncOf } from "./last-sync.ts";

/** The reviews that are change sets: the workspace decides and applies, the ledger hears of it. */
export class ChangeSetDesk {
  readonly #parts: LoopParts;
  /** Reviews that could not be ended when their time was over. */
  readonly #warned = new Set<string>();

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** All that wait, or all that are kept, in no order. */
  places(state: "pending" | "all", filter: QueueFilter): QueuePlace[] {
    const { queue } = this.#parts.workspace;
    return state === "pending" ? queue.waiting(filter) : queue.all(filter);
  }

  async get(id: string): Promise<Review | undefined> {
    const { workspace } = this.#parts;
    const pending = await workspace.pending.get(id);
    if (pending !== undefined) return reviewOfChangeSet(pending);
    const set = await workspace.get(id);
    if (set === undefined) return undefined;
    return { ...(await reviewOfChangeSet(set)), ...defined({ lastSync: await lastSyncOf(set, this.#parts) }) };
  }

  find(id: string): ReviewSummary | undefined {
    const set = this.#parts.workspace.queue.summary(id);
    return set === undefined ? undefined : summaryOfChangeSet(set);
  }

  async file(id: string, path: string): Promise<FileView | undefined> {
    const { workspace, examiner } = this.#parts;
    if (this.find(id) === undefined) return undefined;
    const entry = await workspace.entry(id, path).catch((error: unknown) => {
      if (ZtlError.isInstance(error) && ["unknown-entry", "unknown-change-set"].includes(error.code)) return undefined;
      throw error;
    });
    if (entry === undefined) return undefined;
    const [diff, content] = await Promise.all([workspace.diff(id, path), workspace.content(id, path, "new")]);
    const today = content === undefined ? [] : examiner.scan(content).findings;
    const recorded =
      content === undefined
        ? []
        : this.#recordedFindings(entry.by?.runId ?? workspace.find(id)?.runId, path, sha256Hex(content));
    const findings = [...today, ...findingsBeyond(recorded, today)];
    const change = fileChange(entry);
    return { change, diff: diffView(diff, change), findings };
  }

  /** What the guard saw in this content when it was proposed, as the ledger has it: other rules may hold today. */
  #recordedFindings(runId: string | undefined, path: string, contentSha256: string): Finding[] {
    if (runId === undefined) return [];
    const entries = this.#parts.ledger.query({ runId, limit: RUN_ENTRIES_MAX });
    return allOf(entries, "verdict")
      .filter(({ body }) => body.subject === CHANGED_FILE && body.contentSha256 === contentSha256)
      .filter((entry) => detail(entry, "path") === path.toWellFormed())
      .flatMap(({ body }) => findingsOfEntry(body));
  }

  async approve(
    id: string,
    { hash, reviewer, files, protectedFiles, message, statements }: ApproveOptions & Statements,
  ): Promise<DecisionResult> {
    const { workspace } = this.#parts;
    const options = defined({ hash, reviewer, files, protectedFiles, message }) as ApproveOptions;
    const asked = workspace.pending.find(id);
    const known = asked === undefined ? await workspace.get(id) : undefined;
    if (asked === undefined && known === undefined) return { status: "not-found" };
    // Agreed to before, but the host did not let us, or the process ended: that, and nothing else, may be tried again.
    const said = {
      ...({ reviewId: id, subject: "change-set", decision: "approve", reviewer } as const),
      ...defined({ message, files: await wellFormed(files), protectedFiles: await wellFormed(protectedFiles) }),
      ...defined({ statements: statements && [...statements] }),
    };
    if (asked === undefined && known?.state === "approved" && known.hash === hash && isSameChoice(known, files)) {
      await recordDecision(this.#parts, known, { ...said, subjectSha256: known.hash });
      return this.#sync(known);
    }
    const result = (await workspace.pending.approve(id, options)) ?? (await workspace.approve(id, options));
    if (result.status === "conflict") return this.#unsynced(asked ?? (known as Decided), result);
    if (result.status !== "approved") return this.#refusal(id, result);
    const set = result.changeSet;
    await recordDecision(this.#parts, set, { ...said, subjectSha256: set.hash, shownSha256: hash });
    const done = await this.#sync(set, result.left);
    return done.status === "done" && set.id !== id ? { ...done, changeSetId: set.id } : done;
  }

  async reject(
    id: string,
    { hash, reviewer, message, files, statements }: RejectOptions & Statements,
    decision: "reject" | "revoke" = "reject",
  ): Promise<DecisionResult> {
    const { workspace } = this.#parts;
    // Not read whole: a set that somebody damaged can be said no to.
    const set = workspace.queue.summary(id);
    if (set === undefined) return { status: "not-found" };
    if (hash !== undefined && hash !== set.hash)
      return set.state === "pending" ? { status: "stale", hash: set.hash } : this.#already(id);
    const options = defined({ reviewer, message });
    const result =
      (await workspace.pending.reject(id, { ...options, ...defined({ hash, files }) })) ??
      (set.state === "approved" ? await workspace.revoke(id, options) : workspace.reject(id, options));
    if (result.status !== "rejected") return this.#refusal(id, result);
    await recordDecision(this.#parts, set, {
      ...{ reviewId: id, subject: "change-set", subjectSha256: set.hash, decision },
      ...defined({ reviewer, message, files: await wellFormed(files), statements: statements && [...statements] }),
    });
    this.#parts.reviewsChanged();
    return { status: "done", state: "rejected", files: [] };
  }

  /** Takes back what a set changed on the host, or does it again. */
  async reverse(
    reversal: "undo" | "redo",
    id: string,
    { reviewer, message, files, statements }: ReverseOptions & Statements,
  ): Promise<DecisionResult> {
    const { workspace } = this.#parts;
    const set = workspace.find(id);
    if (set === undefined) return { status: "not-found" };
    const result = await workspace[reversal](id, files);
    await this.recordRecovered();
    if (result.status === "not-applied") return this.#already(id);
    const details = { reviewer, [reversal]: true };
    const decided = {
      ...{ reviewId: id, subjectSha256: set.hash, decision: reversal, reviewer },
      ...defined({ message, files: await wellFormed(files), statements: statements && [...statements] }),
    };
    switch (result.status) {
      case "undone":
      case "redone": {
        const changed = { changeSetSha256: set.hash, files: await wellFormed(result.files) };
        const outcome = result.status === "undone" ? ("undone" as const) : ("applied" as const);
        const told = { ...details, ...(await asideDetails(result.aside)) };
        await this.#record(set, { ...changed, outcome, decided, details: told }, workspace.untold(id));
        return { status: "done", state: outcome, files: result.files, ...spared(result.aside) };
      }
      case "conflict":
      case "failed":
        return this.#unsynced(set, result, { decided, details });
      default:
        return this.#refusal(id, result);
    }
  }

  async expire(): Promise<void> {
    const { workspace } = this.#parts;
    const expired = await workspace.pending.expire((review, error) => this.#warnOnce(review, error));
    for (const id of [...expired, ...workspace.expire()]) {
      const set = workspace.queue.summary(id);
      if (set === undefined) continue;
      await recordDecision(this.#parts, set, { subject: "change-set", subjectSha256: set.hash, decision: "expire" });
    }
  }

  /** Lists are made often. What cannot be ended is listed on, and whoever looks at it is told more. */
  #warnOnce(review: string, error: unknown): void {
    if (this.#warned.has(review)) return;
    this.#warned.add(review);
    const why = terminalLine(error instanceof Error ? error.message : String(error));
    process.emitWarning(`The review ${review} cannot be ended: ${why}`, { type: "ZtlExpiryWarning" });
  }

  /** What an earlier process left half done, and what became of it. */
  async recordRecovered(): Promise<void> {
    for (const recovered of this.#parts.workspace.takeRecovered()) {
      const set = this.#parts.workspace.find(recovered.changeSetId);
      if (set !== undefined) await this.#record(set, await recoveryBody(set, recovered), recovered.attempt);
      else if (recovered.attempt !== undefined) await this.#parts.workspace.acknowledge(recovered.attempt);
    }
  }

  async #sync(set: Decided, left?: readonly FileConflict[]): Promise<DecisionResult> {
    const result = await this.#parts.workspace.sync(set.id);
    await this.recordRecovered();
    if (result.status === "not-approved") return this.#already(set.id);
    if (result.status !== "applied") return this.#unsynced(set, result);
    const files = await wellFormed(result.files);
    const details = await asideDetails(result.aside);
    const body = { changeSetSha256: set.hash, outcome: "applied" as const, files, details };
    await this.#record(set, body, this.#parts.workspace.untold(set.id));
    this.#parts.reviewsChanged();
    const conflicts = left?.map(({ path, reason }) => ({ path, reason: explainConflict(reason) }));
    return {
      status: "done",
      state: "applied",
      files: result.files,
      ...spared(result.aside),
      ...defined({ conflicts }),
    };
  }

  /**
   * What is on the host for good is recorded once, by the process that did it or, when that was killed before, by the next
   * one: each attempt has a name, and what the ledger has of it is not recorded again.
   */
  async #record(set: Decided, body: SyncBody & { details: object }, attempt: string | undefined): Promise<void> {
    const { ledger, workspace } = this.#parts;
    const details = { ...body.details, ...defined({ attempt }) } as SyncBody["details"];
    const isRecorded =
      attempt !== undefined &&
      allOf(ledger.query({ runId: set.runId, limit: RUN_ENTRIES_MAX }), "sync").some(
        (entry) => detail(entry, "attempt") === attempt,
      );
    if (!isRecorded) await recordSync(this.#parts, set, { ...body, ...defined({ details }) });
    if (attempt !== undefined) await workspace.acknowledge(attempt);
  }

  async #unsynced(set: Decided, result: Unsynced, { details = {}, ...more }: Reversed = {}): Promise<DecisionResult> {
    const common = {
      changeSetSha256: set.hash,
      ...more,
      details: { ...details, ...(await asideDetails(result.aside)) },
    };
    if (result.status === "conflict") {
      const conflicts = result.conflicts.map(({ path, reason }) => ({ path, reason: explainConflict(reason) }));
      const recorded = conflicts.map(({ path, reason }) => ({ path: path.toWellFormed(), reason }));
      await recordSync(this.#parts, set, { ...common, outcome: "conflict", conflicts: recorded });
      return { status: "conflict", conflicts, ...spared(result.aside) };
    }
    const error = { code: result.error.code, message: result.error.message.toWellFormed() };
    await recordSync(this.#parts, set, { ...common, outcome: "failed", error });
    return { status: "failed", error, ...spared(result.aside) };
  }

  #refusal(
    id: string,
    result: Exclude<ApproveResult | RejectResult, { status: "approved" | "rejected" | "conflict" }>,
  ): DecisionResult {
    switch (result.status) {
      case "stale":
        return { status: "stale", hash: result.hash };
      case "not-pending":
      case "expired":
        return this.#already(id);
      case "protected":
        return {
          status: "protected",
          files: result.files.map(({ path, reasons }) => ({ path, reason: reasons.join("; ") })),
        };
      case "unknown-files":
        return {
          status: "bad-selection",
          files: result.files.map((path) => ({ path, reason: "is not among the changes" })),
        };
      case "nothing-chosen":
        return { status: "bad-selection", files: [] };
      case "incomplete-selection":
        return {
          status: "bad-selection",
          files: result.missing.map(({ path, neededBy }) => ({ path, reason: `is needed by ${neededBy}` })),
        };
    }
  }

  #already(id: string): DecisionResult {
    const summary = this.find(id);
    if (summary === undefined) return { status: "not-found" };
    return { status: "already", state: summary.state, ...defined({ decidedBy: summary.decidedBy }) };
  }
}

/** Signed decisions that a decision rests on, for its entry. */
export interface Statements {
  readonly statements?: readonly string[];
}

/** What the entry of an undo or redo says of it. */
interface Reversed {
  readonly decided?: NonNullable<SyncBody["decided"]>;
  readonly details?: { readonly [key: string]: string | boolean };
}

/** What a decision was about, for the ledger. */
type Decided = Pick<ChangeSet, "id" | "hash" | "runId" | "agent">;

/** The retry of an approval is for what was approved; whoever chooses something else sees where it stands. */
function isSameChoice({ chosen = [] }: ChangeSet, files: readonly string[] | undefined): boolean {
  if (files === undefined) return true;
  const [agreed, named] = [new Set(chosen), new Set(files)];
  return named.size === agreed.size && files.every((file) => agreed.has(file));
}

type Unsynced =
  | { readonly status: "conflict"; readonly conflicts: readonly FileConflict[]; readonly aside?: Aside }
  | {
      readonly status: "failed";
      readonly error: { readonly code: string; readonly message: string };
      readonly aside?: Aside;
    };

async function recoveryBody(set: Decided, { operation, outcome, phase, files, ...aside }: Recovered) {
  const common = { changeSetSha256: set.hash, details: { recovered: true, phase, ...(await asideDetails(aside)) } };
  if (outcome === "rolled-back") return { ...common, outcome: "rolled-back" as const };
  if (outcome === "finished") {
    const done = operation === "undo" ? ("undone" as const) : ("applied" as const);
    return { ...common, outcome: done, ...defined({ files: await wellFormed(files) }) };
  }
  const error = {
    code: "unreachable",
    message: "A directory of this change set is not there; it is tried again later",
  };
  return { ...common, outcome: "failed" as const, error };
}
