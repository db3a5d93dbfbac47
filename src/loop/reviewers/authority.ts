import { defined } from "../../base/optional.ts";
import type { Nonces } from "../../guard/index.ts";
import {
  type Body,
  DECISION_CLOCK_SKEW_MS,
  type DecisionVerb,
  type Entry,
  isStatementSigned,
  type Ledger,
} from "../../ledger/index.ts";
import type { ReviewersNeeded } from "../../policy/index.ts";
import { isLong, wellFormed } from "../reviews/decisions.ts";
import type { DecisionOptions, DecisionResult, ReviewSummary } from "../reviews/review.ts";
import type { Reviewers } from "./reviewers.ts";
import { type DecisionSignature, type DecisionSubject, selectionSha256, statementOf } from "./signature.ts";
import { missingOf, type Standing, type Vote, votesFor } from "./votes.ts";

export interface AuthorityOptions {
  readonly ledger: Ledger;
  readonly reviewers: Reviewers;
  readonly nonces: Nonces;
  readonly now: () => number;
  readonly told: (entry: Entry) => void;
  /** Whether keys may be used in a process that runs agents. */
  readonly allowsOwnProcess: boolean;
}

/** A review, or an open breaker. */
export interface Decidable {
  readonly id: string;
  readonly kind: Body<"decision">["subject"];
  /** SHA-256 in hexadecimal of what was shown. */
  readonly hash: string;
  readonly runId?: string | undefined;
  readonly agent?: string | undefined;
}

/** One wish to decide. */
export interface Wish {
  readonly verb: DecisionVerb;
  readonly review: Decidable;
  readonly options: DecisionOptions & {
    readonly hash?: string | undefined;
    readonly files?: readonly string[] | undefined;
    readonly protectedFiles?: readonly string[] | undefined;
    readonly take?: string | undefined;
  };
  readonly needed: ReviewersNeeded;
}

/** `reviewer` names all who agreed; `statements` are their signed decisions, for the entry that rests on them. */
export type Authorised =
  | { readonly status: "granted"; readonly reviewer: string; readonly statements?: readonly string[] }
  | { readonly status: "refused"; readonly result: NotGranted };

type NotGranted = Extract<DecisionResult, { status: "not-allowed" | "more-reviewers" }>;
type NotAllowed = Extract<DecisionResult, { status: "not-allowed" }>["code"];

/**
 * Whether a decision is made by those who may make it. While nobody is a reviewer, and no rule asks for more than one, it is whoever
 * can open the state directory. From then on it is who signs: each decision is checked, used once, and in the ledger before it counts.
 */
export class Authority {
  readonly #options: AuthorityOptions;
  /** Set when this process makes the handle of an agent. */
  runsAgents = false;

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  async ask(wish: Wish): Promise<Authorised> {
    const { reviewers } = this.#options;
    const { options, needed } = wish;
    const isAnybodys = reviewers.roll().isEmpty && needed.reviewers <= 1 && needed.roles.length === 0;
    if (isAnybodys && (options.signer ?? options.signature) === undefined)
      return { status: "granted", reviewer: options.reviewer };
    const subject = this.#subject(wish);
    const selection = await selectionSha256(subject);
    const signed = this.#signature(wish, subject, selection);
    if (typeof signed === "string") return refused(signed);
    const entry = await this.#record(wish, subject, selection, signed);
    if (typeof entry === "string") return refused(entry);
    return this.#count(wish, entry);
  }

  /** Who has agreed so far, and what is missing; undefined where one decision of anybody's is enough. */
  standing(review: ReviewSummary, needed: ReviewersNeeded): Standing | undefined {
    const { ledger, reviewers } = this.#options;
    const roll = reviewers.roll();
    if (needed.reviewers <= 1 && needed.roles.length === 0) return undefined;
    // Of several choices of files, the one that most agree to.
    const votes = votesFor(ledger, roll, { verb: "approve", reviewId: review.id, hash: review.hash });
    const bySelection = Map.groupBy(votes, ({ selectionSha256 }) => selectionSha256);
    const most = [...bySelection.values()].sort((a, b) => b.length - a.length)[0] ?? [];
    return { needed, ...missingOf(most, needed) };
  }

  #signature({ options }: Wish, subject: DecisionSubject, selection: string): DecisionSignature | NotAllowed {
    const { signer, signature, reviewer } = options;
    if (signature !== undefined) return signature.reviewer === reviewer ? signature : "signature-invalid";
    if (signer === undefined) return "signature-required";
    if (signer.reviewer !== reviewer) return "signature-invalid";
    if (this.runsAgents && !this.#options.allowsOwnProcess) return "own-process";
    return signer.signSelected(subject, selection, this.#options.now());
  }

  #subject({ verb, review, options }: Pick<Wish, "verb" | "review" | "options">): DecisionSubject {
    const { hash = review.hash, files, protectedFiles, message, take } = options;
    const { ledgerId } = this.#options.ledger;
    return { ledgerId, reviewId: review.id, decision: verb, hash, files, protectedFiles, message, take };
  }

  /** Checked, used up and durable; else why it is worth nothing. */
  async #record(
    { review, verb }: Wish,
    subject: DecisionSubject,
    selection: string,
    signed: DecisionSignature,
  ): Promise<Entry | NotAllowed> {
    const { ledger, reviewers, nonces, now, told } = this.#options;
    const { reviewer, publicKey, signedAt, nonce, signature } = signed;
    const key = reviewers.roll().keyOf(reviewer, publicKey);
    if (key === undefined) return "reviewer-unknown";
    const statement = statementOf(subject, selection, signed);
    if (!isStatementSigned(statement, signature, key)) return "signature-invalid";
    const skewMs = now() - Date.parse(signedAt);
    if (!(Math.abs(skewMs) <= DECISION_CLOCK_SKEW_MS)) return "signature-expired";
    const use = nonces.use(`decision ${nonce}`, now() + 2 * DECISION_CLOCK_SKEW_MS + 1, now());
    if (use !== "new") return use === "known" ? "signature-used" : "signature-expired";
    const body: Body<"decision"> = {
      ...{ reviewId: review.id, subject: review.kind, subjectSha256: subject.hash, decision: verb },
      ...{ selectionSha256: statement.selectionSha256, reviewer, publicKey, signedAt, nonce, signature },
      ...(await listed(subject)),
      ...defined({ message: subject.message, take: subject.take }),
    };
    const frame = defined({ runId: review.runId, agent: review.agent });
    const entry = await ledger.append({ kind: "decision", ...frame, body });
    told(entry);
    // Revoked in between: what counts is the order in the ledger, as whoever verifies it will see.
    return reviewers.roll(entry.index).keyOf(reviewer, publicKey) === undefined ? "reviewer-unknown" : entry;
  }

  /** The one of them that comes last makes it a decision of all. */
  #count({ verb, review, needed }: Wish, entry: Entry): Authorised {
    const { ledger, reviewers } = this.#options;
    const body = entry.body as Body<"decision">;
    const own: Vote = voteOf(body, reviewers.roll().active(body.reviewer)?.roles ?? []);
    const { reviewId, subjectSha256: hash, selectionSha256 } = body;
    const found = votesFor(ledger, reviewers.roll(), { verb, reviewId, hash, selectionSha256, runId: review.runId });
    const votes = needed.reviewers > 1 || needed.roles.length > 0 ? found : [own];
    const { given, missing, roles } = missingOf(votes, needed);
    if (missing > 0 || roles.length > 0)
      return { status: "refused", result: { status: "more-reviewers", given, missing, roles } };
    return { status: "granted", reviewer: given.join(", "), statements: votes.map(({ nonce }) => nonce) };
  }
}

function voteOf({ reviewer, publicKey, nonce, selectionSha256 }: Body<"decision">, roles: readonly string[]): Vote {
  return { reviewer, publicKey, nonce, selectionSha256, roles };
}

/** The paths themselves, where they are short enough for an entry. */
async function listed({
  files,
  protectedFiles,
}: DecisionSubject): Promise<{ files?: string[]; protectedFiles?: string[] }> {
  if (isLong([files, protectedFiles])) return {};
  return defined({ files: await wellFormed(files), protectedFiles: await wellFormed(protectedFiles) });
}

const REFUSALS: Readonly<Record<NotAllowed, { readonly message: string; readonly remedy: string }>> = {
  "signature-required": {
    message: "This must be decided by a reviewer, who proves to be one.",
    remedy:
      "Sign in with your token on the page, or name yourself: ztl approve ID --as NAME. ztl reviewer list tells who may.",
  },
  "reviewer-unknown": {
    message: "Nobody is a reviewer by this name and key, or not any more.",
    remedy: "ztl reviewer list tells who there is; ztl reviewer add NAME adds one.",
  },
  "signature-invalid": {
    message: "The signature is not this reviewer's for this decision.",
    remedy: "Look at the review again, and sign exactly what is decided: its hash, the files, the message.",
  },
  "signature-expired": {
    message: "The signature is too old, or from the future: it is taken for five minutes.",
    remedy: "Sign again; if that does not help, compare the clocks of both machines.",
  },
  "signature-used": {
    message: "This signed decision was used before.",
    remedy: "Sign again: each decision has a signature of its own.",
  },
  "own-process": {
    message: "This process runs agents, so no reviewer decides in it.",
    remedy: "Decide in another one, such as ztl serve or ztl review; or set reviews.ownProcess to allowed.",
  },
};

function refused(code: NotAllowed): Authorised {
  return { status: "refused", result: { status: "not-allowed", code, ...REFUSALS[code] } };
}
