import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { DecisionVerb } from "../../ledger/index.ts";
import type { ReviewersNeeded } from "../../policy/index.ts";
import { findingsBeyond } from "../gate/kept-findings.ts";
import { RecordedContents } from "../history/recorded-contents.ts";
import { oneLine } from "../history/run-story.ts";
import { type Judgement, recordedJudgement } from "../monitor/judgement.ts";
import { originsOfRun } from "../origins/origins.ts";
import type { LoopParts } from "../parts.ts";
import type { Authorised, Wish } from "../reviewers/authority.ts";
import { ChangeSetDesk } from "../workspace/change-set-desk.ts";
import { type RebaseOptions, type RebaseResult, rebaseReview } from "../workspace/change-set-rebase.ts";
import { callDetails } from "./call-review.ts";
import { contentDetails, namesNeeded } from "./content-review.ts";
import { recordDecision, wellFormed } from "./decisions.ts";
import { recordMissing } from "./missing-entries.ts";
import { inTurn, pageOf } from "./queue.ts";
import type {
  ApproveOptions,
  DecisionOptions,
  DecisionResult,
  FileView,
  RejectOptions,
  ReverseOptions,
  Review,
  ReviewKind,
  ReviewState,
  ReviewSummary,
} from "./review.ts";
import type { StoredReview } from "./review-store.ts";
import { REVIEW_MOVES } from "./states.ts";
import { takenInBehind } from "./taken-in.ts";

export interface ReviewsQuery {
  /** Default `pending`. */
  readonly state?: "pending" | "all";
  readonly kind?: ReviewKind;
  readonly agent?: string;
  readonly tool?: string;
  /** Default 100. */
  readonly limit?: number;
  /** The id of the last review of the page before; from the start when that one does not wait any more. */
  readonly after?: string;
}

const LIST_DEFAULT = 100;
const LIST_MAX = 1000;

/**
 * What waits for a person, and what people decided: change sets, calls that need agreement, withheld contents. For people
 * and their pages alone: whoever holds this decides what an agent may do.
 */
export class Reviews {
  readonly #parts: LoopParts;
  readonly #changeSets: ChangeSetDesk;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#changeSets = new ChangeSetDesk(parts);
  }

  /** What waits: the oldest of each agent first, then the second of each, so that none hides another's. All that ever did: newest first. */
  async list(query: ReviewsQuery = {}): Promise<readonly ReviewSummary[]> {
    const { state = "pending", kind, agent, tool, limit = LIST_DEFAULT, after } = query;
    await this.expire();
    const { policy, reviewStore } = this.#parts;
    const sets = kind === undefined || kind === "change-set" ? this.#changeSets.places(state, { agent, tool }) : [];
    const others = kind === "change-set" ? [] : reviewStore.places({ state, kind, agent, tool });
    const found = [...sets, ...others];
    const ordered =
      state === "pending"
        ? inTurn(found, (name) => policy.configuredAgent(name))
        : found.toSorted((a, b) => b.createdAt - a.createdAt);
    // All are put in order; what they are about is read of the page alone.
    return pageOf(ordered, { after, limit: Math.min(limit, LIST_MAX) }).flatMap(({ id }) => this.find(id) ?? []);
  }

  /** Another one whenever what waits may be another, whichever process changed it; unless it is time alone that passed. Costs next to nothing. */
  version(): string {
    const { reviewStore, workspace } = this.#parts;
    return `${reviewStore.stateVersion} ${workspace.stateVersion}`;
  }

  /** What is asked about, whole. Its texts and names are hostile: escape them. */
  async get(id: string): Promise<Review | undefined> {
    const review = await this.#whole(id);
    if (review === undefined) return undefined;
    const takenIn = await takenInBehind(this.#parts, review);
    if (review.state !== "pending") return { ...review, takenIn };
    const standing = this.#parts.authority.standing(review, await this.#needed(review));
    return { ...review, takenIn, ...defined({ standing }) };
  }

  async #whole(id: string): Promise<Review | undefined> {
    const stored = this.#parts.reviewStore.get(id);
    if (stored === undefined) return this.#changeSets.get(id);
    const summary = { ...summaryOf(stored), command: stored.command };
    if (stored.kind === "call") {
      // A ledger that is damaged keeps nobody from saying no.
      const contents = new RecordedContents(this.#parts.ledger);
      const origins = await originsOfRun(this.#parts, stored.runId, contents).catch(() => undefined);
      const { unread } = contents;
      const judgement = judgementIn(this.#parts.ledger, stored.runId);
      return { ...summary, kind: "call", ...callDetails(stored), ...defined({ origins, judgement }), unread };
    }
    const { content, verdict } = contentDetails(stored);
    const bytes = await this.#parts.ledger.content(content);
    const text = Buffer.from(bytes).toString("utf8");
    const today = this.#parts.examiner.scan(bytes).findings;
    if (verdict === undefined) return { ...summary, kind: "content", text, findings: today };
    const { findings, unlisted } = verdict;
    const names = namesNeeded({ verdict });
    const toName = names.length > 0 ? { toName: names } : {};
    return {
      ...summary,
      kind: "content",
      text,
      findings,
      ...toName,
      unlisted,
      foundToday: findingsBeyond(today, findings),
    };
  }

  /** One file of a change set, with its diff and what the guard sees in its new content. */
  file(id: string, path: string): Promise<FileView | undefined> {
    return this.#changeSets.file(id, path);
  }

  /** Where a review stands, without what it is about. */
  find(id: string): ReviewSummary | undefined {
    const stored = this.#parts.reviewStore.summary(id);
    return stored === undefined ? this.#changeSets.find(id) : inList(stored);
  }

  /**
   * Agrees to what has this hash. A change set's files are applied to the host at once, all or none; a call may then be
   * made, once; a content may be collected by its agent. Throws ZtlError `invalid-input` for an empty reviewer.
   */
  async approve(id: string, options: ApproveOptions): Promise<DecisionResult> {
    expectReviewer(options);
    if (typeof options.hash !== "string")
      throw new ZtlError("invalid-input", "An approval names the hash of what was seen");
    await this.expire();
    return this.#authorised("approve", id, options, (by) => {
      const stored = this.#parts.reviewStore.get(id);
      const known = { ...options, ...by };
      return stored === undefined ? this.#changeSets.approve(id, known) : this.#decide(stored, "approve", known);
    });
  }

  /** Says no; `message` is for the agent. */
  async reject(id: string, options: RejectOptions): Promise<DecisionResult> {
    expectReviewer(options);
    await this.expire();
    return this.#authorised("reject", id, options, (by) => {
      const stored = this.#parts.reviewStore.get(id);
      const known = { ...options, ...by };
      return stored === undefined ? this.#changeSets.reject(id, known) : this.#decide(stored, "reject", known);
    });
  }

  /** Takes a yes back of which nothing was made: a call that was not made, a content, changes that could not be written. */
  async revoke(id: string, options: DecisionOptions & { readonly hash?: string }): Promise<DecisionResult> {
    expectReviewer(options);
    await this.expire();
    return this.#authorised("revoke", id, options, (by) => {
      const stored = this.#parts.reviewStore.get(id);
      const known = { ...options, ...by };
      return stored === undefined
        ? this.#changeSets.reject(id, known, "revoke")
        : this.#decide(stored, "revoke", known);
    });
  }

  /** Puts back what an applied change set changed, or these files of it, unless the host's files have changed since. */
  async undo(id: string, options: ReverseOptions): Promise<DecisionResult> {
    expectReviewer(options);
    return this.#authorised("undo", id, options, (by) => this.#changeSets.reverse("undo", id, { ...options, ...by }));
  }

  /** Writes again what was undone, or these files of it, unless the host's files have changed since. */
  async redo(id: string, options: ReverseOptions): Promise<DecisionResult> {
    expectReviewer(options);
    return this.#authorised("redo", id, options, (by) => this.#changeSets.reverse("redo", id, { ...options, ...by }));
  }

  /**
   * Lays files of a pending change set over what this host has by now, so that they are in conflict no more. It writes nothing to the
   * host, and the next approval names the new hash: it needs one reviewer, as a no does, for it may drop what the agent made.
   */
  async rebase(id: string, options: RebaseOptions): Promise<RebaseResult> {
    expectReviewer(options);
    if (typeof options.hash !== "string")
      throw new ZtlError("invalid-input", "A rebase names the hash of what was seen");
    if (options.take !== undefined && !["merge", "host", "workspace"].includes(options.take))
      throw new ZtlError("invalid-input", "A rebase takes merge, host or workspace");
    await this.expire();
    const { take = "merge" } = options;
    const known = { ...options, take };
    return this.#authorised("rebase", id, known, (by) => rebaseReview(this.#parts, id, { ...known, ...by }));
  }

  /** Rejects what ran out of time, and records it. */
  async expire(): Promise<void> {
    await recordMissing(this.#parts);
    const { begunDecisions, reviewStore, workspace } = this.#parts;
    if (reviewStore.hasDue || workspace.hasDue) await begunDecisions.during({ verb: "expire" }, () => this.#expire());
  }

  async #expire(): Promise<void> {
    const expired = this.#parts.reviewStore.takeExpired().filter(({ decidedBy }) => decidedBy === undefined);
    for (const review of expired) {
      await recordDecision(this.#parts, review, {
        subject: review.kind,
        subjectSha256: review.hash,
        decision: "expire",
      });
    }
    await this.#changeSets.expire();
  }

  /** Records what the opening of the workspace found to finish or to roll back. */
  recordRecovered(): Promise<void> {
    return this.#changeSets.recordRecovered();
  }

  /** Acts once those have agreed who must. */
  async #authorised<T extends DecisionResult | RebaseResult>(
    verb: DecisionVerb,
    id: string,
    options: Wish["options"],
    act: (by: DecidedBy) => Promise<T>,
  ): Promise<T | NotDecided> {
    const review = this.find(id);
    if (review === undefined) return { status: "not-found" };
    // A yes to what is decided, or is not there any more, is not even counted.
    if (!mayStillBe(verb, review.state)) return already(review);
    if (options.hash !== undefined && options.hash !== review.hash)
      return review.state === "pending" ? { status: "stale", hash: review.hash } : already(review);
    const needed = NEEDS_ONE.has(verb) ? ANYBODY : await this.#needed(review, options.files);
    const authorised = await this.#parts.authority.ask({ verb, review, options, needed });
    if (authorised.status === "granted") return this.#begun(verb, id, options, () => act(authorised));
    if (authorised.result.status === "more-reviewers") this.#parts.reviewsChanged();
    return authorised.result;
  }

  /** What moves a review is known of from before that until it is recorded. Undoing and writing again have names of their own. */
  #begun<T>(verb: DecisionVerb, id: string, options: Wish["options"], act: () => Promise<T>): Promise<T> {
    if (verb !== "approve" && verb !== "reject" && verb !== "revoke") return act();
    const { reviewer, message } = options;
    return this.#parts.begunDecisions.during({ verb, reviewId: id, reviewer, message }, act);
  }

  /** Whatever writes to this host, or lets something go on, needs as many as the policy says. */
  async #needed(review: ReviewSummary, chosen?: readonly string[]): Promise<ReviewersNeeded> {
    const { policy } = this.#parts;
    if (review.kind !== "change-set" || !policy.reviewersDependOnFiles) return policy.reviewersFor(review);
    const whole = await this.#changeSets.get(review.id);
    const files = whole?.kind === "change-set" ? whole.files : [];
    const named = chosen && new Set(chosen);
    const selected = named === undefined ? files : files.filter(({ path }) => named.has(path));
    return policy.reviewersFor(
      review,
      selected.map(({ path, hostPath, protectedBecause }) => {
        return { path, hostPath, isProtected: protectedBecause !== undefined };
      }),
    );
  }

  async #decide(
    review: StoredReview,
    event: "approve" | "reject" | "revoke",
    options: DecisionOptions & DecidedBy & Pick<Partial<ApproveOptions>, "hash" | "files" | "protectedFiles">,
  ): Promise<DecisionResult> {
    const { hash, reviewer, message, statements, files, protectedFiles = [] } = options;
    if (event === "approve" && review.kind === "content") {
      const missing = namesNeeded(contentDetails(review)).filter(({ path }) => !protectedFiles.includes(path));
      if (missing.length > 0) return { status: "protected", files: missing };
    }
    const decided = this.#parts.reviewStore.decide(review.id, { event, hash, reviewer, message });
    if (decided.status !== "done") return decided;
    await recordDecision(this.#parts, review, {
      ...{ reviewId: review.id, subject: review.kind, subjectSha256: review.hash, decision: event, reviewer },
      ...(protectedFiles.length > 0 && { protectedFiles: await wellFormed(protectedFiles) }),
      ...defined({ message, files: await wellFormed(files), statements: statements && [...statements] }),
    });
    return { status: "done", state: REVIEW_MOVES[event].to, files: [] };
  }
}

/** Who decided, as the authority has it. */
type DecidedBy = Omit<Extract<Authorised, { status: "granted" }>, "status">;

/** Not decided, or not yet. */
type NotDecided = Extract<
  DecisionResult,
  { status: "not-found" | "already" | "stale" | "not-allowed" | "more-reviewers" }
>;

/** They open nothing: a no, first or last, and laying files anew, after which a yes is needed still. */
const NEEDS_ONE: ReadonlySet<DecisionVerb> = new Set(["reject", "revoke", "rebase"]);

/** Others have states of their own, which only who does it knows. */
function mayStillBe(verb: DecisionVerb, state: ReviewState): boolean {
  if (verb === "approve" || verb === "reject") return state === "pending" || state === "approved";
  return verb !== "rebase" || state === "pending";
}

const ANYBODY: ReviewersNeeded = { reviewers: 1, roles: [] };

function already({ state, decidedBy }: ReviewSummary): NotDecided {
  return { status: "already", state, ...defined({ decidedBy }) };
}

function expectReviewer({ reviewer, message = "" }: DecisionOptions): void {
  if (reviewer.trim() === "" || reviewer.length > 256 || !reviewer.isWellFormed() || !message.isWellFormed()) {
    throw new ZtlError("invalid-input", "A decision needs the name of who decides, of 1 to 256 characters");
  }
}

/** What the monitor said of it. A ledger that is damaged keeps nobody from deciding. */
function judgementIn(ledger: LoopParts["ledger"], runId: string): Judgement | undefined {
  try {
    return recordedJudgement(ledger, runId);
  } catch (error) {
    if (ZtlError.isInstance(error)) return undefined;
    throw error;
  }
}

function summaryOf({ details: _, ...summary }: StoredReview): ReviewSummary {
  return inList(summary);
}

function inList(summary: ReviewSummary): ReviewSummary {
  return { ...summary, command: oneLine(summary.command) };
}
