import { isJsonObject } from "../../base/json.ts";
import { DECISION_CLOCK_SKEW_MS, DECISIONS_REMEMBERED_MAX, UNPROVEN_LISTED_MAX } from "../limits.ts";
import type { Body } from "../record/bodies.ts";
import type { Entry } from "../record/entry.ts";
import { ReviewerRoll } from "./reviewer-roll.ts";
import { hashOfMessage, hashOfSelection, isStatementSigned } from "./statement.ts";

/** A decision that was not made by whom it names, as far as anybody can tell. */
export interface UnprovenDecision {
  readonly index: number;
  readonly reviewer: string;
  readonly why: string;
}

export interface DecisionCount {
  /** Signed by a reviewer who was one at that time. */
  readonly signed: number;
  /** From the time before there were reviewers: names that nobody proved. */
  readonly unsigned: number;
}

/** What an entry says was decided, with the signed decisions that it names. */
interface Carried {
  readonly reviewId?: string | undefined;
  readonly subject: Body<"decision">["subject"];
  /** Of what was shown. */
  readonly hash: string;
  readonly decision: Body<"decision">["decision"];
  readonly reviewer?: string | undefined;
  readonly files?: readonly string[] | undefined;
  readonly protectedFiles?: readonly string[] | undefined;
  /** In place of both: what has this hash. */
  readonly selection?: { readonly sha256: string } | undefined;
  readonly message?: string | undefined;
  readonly take?: string | undefined;
  readonly statements?: readonly string[] | undefined;
}

/** A signed decision, and whose run it is about. */
interface Open {
  readonly body: Body<"decision">;
  readonly agent: string | undefined;
}

/**
 * Looks through the decisions of a ledger, entry by entry: whether each is signed by the reviewer it names, for this ledger, once, and
 * while that was a reviewer; and whether all that was approved, rejected, taken back, put back or laid anew rests, as soon as there are
 * reviewers, on such decisions: on exactly this, of this review, these files and these words.
 */
export class DecisionCheck {
  readonly unproven: UnprovenDecision[] = [];
  /** Also of those that are not listed. */
  unprovenCount = 0;
  readonly #ledgerId: string;
  readonly #roll = new ReviewerRoll();
  readonly #nonces = new Set<string>();
  /** Signed and not acted on yet, by nonce. */
  readonly #open = new Map<string, Open>();
  /** Breakers that a rule may close, by id. */
  readonly #cooling = new Set<string>();
  /** Hashes of change sets that somebody agreed to. */
  readonly #agreed = new Set<string>();
  #signed = 0;
  #unsigned = 0;

  constructor(ledgerId: string) {
    this.#ledgerId = ledgerId;
  }

  get count(): DecisionCount {
    return { signed: this.#signed, unsigned: this.#unsigned };
  }

  take(entry: Entry): void {
    this.#roll.take(entry);
    if (entry.kind === "decision") this.#decision(entry);
    if (entry.kind === "approval") this.#approval(entry);
    if (entry.kind === "sync") this.#sync(entry);
    if (entry.kind === "rebase") this.#decided(entry, entry.body.decided);
    if (entry.kind === "breaker") this.#breaker(entry);
  }

  #decision({ index, time, agent, body }: Entry & { readonly kind: "decision" }): void {
    const why = this.#refutation(body, time);
    remember(this.#nonces, body.nonce);
    if (why !== undefined) {
      this.#tell(index, body.reviewer, why);
      return;
    }
    this.#signed++;
    this.#open.set(body.nonce, { body, agent });
    if (this.#open.size > DECISIONS_REMEMBERED_MAX) this.#open.delete(this.#open.keys().next().value as string);
  }

  #refutation(body: Body<"decision">, recordedAt: string): string | undefined {
    const { reviewer, publicKey, signature, signedAt, nonce } = body;
    const key = this.#roll.keyOf(reviewer, publicKey);
    if (key === undefined) return "was no reviewer with this key at that time";
    if (this.#nonces.has(nonce)) return "the same signed decision was used before";
    const { reviewId, decision, subjectSha256, selectionSha256, message, take, files, protectedFiles } = body;
    const statement = {
      ...{ ledgerId: this.#ledgerId, reviewId, decision, hash: subjectSha256, selectionSha256, take },
      ...{ messageSha256: hashOfMessage(message), reviewer, publicKey, signedAt, nonce },
    };
    if (!isStatementSigned(statement, signature, key)) return "the signature is not for this decision";
    const isListed = (files ?? protectedFiles) !== undefined;
    if (isListed && hashOfSelection({ files, protectedFiles }) !== selectionSha256)
      return "the files recorded are not those that were signed";
    const skewMs = Math.abs(Date.parse(recordedAt) - Date.parse(signedAt));
    return skewMs > 2 * DECISION_CLOCK_SKEW_MS ? "it was recorded long before or after it was signed" : undefined;
  }

  #approval(entry: Entry & { readonly kind: "approval" }): void {
    const { subject, subjectSha256, shownSha256 = subjectSha256, decision, ...rest } = entry.body;
    if (decision === "expire") return;
    if (subject === "change-set" && decision === "approve") remember(this.#agreed, subjectSha256);
    this.#carried(entry, { ...rest, subject, hash: shownSha256, decision });
  }

  /** What reached the host, and what was put back. What a process that was killed left half done was decided before. */
  #sync(entry: Entry & { readonly kind: "sync" }): void {
    const { index, body } = entry;
    const { changeSetSha256, outcome, decided, details } = body;
    if (decided !== undefined) {
      this.#decided(entry, decided);
      if (decided.subjectSha256 !== changeSetSha256)
        this.#tell(index, decided.reviewer, "it was decided about another");
      const isOther = outcome === (decided.decision === "undo" ? "applied" : "undone");
      if (isOther) this.#tell(index, decided.reviewer, `it was decided to ${decided.decision} it`);
      return;
    }
    const isAgreed = this.#agreed.has(changeSetSha256);
    // One yes is for writing it once.
    if (outcome === "applied") this.#agreed.delete(changeSetSha256);
    const isRecovered = isJsonObject(details) && details.recovered === true;
    if (this.#roll.isEmpty || isRecovered) return;
    const isUnfounded = outcome === "undone" || (outcome === "applied" && !isAgreed);
    if (isUnfounded) this.#tell(index, "nobody", "there were reviewers, and none of them decided it");
  }

  /** Anybody may open one. It is closed by a person, or by the rule with which it was opened. */
  #breaker(entry: Entry & { readonly kind: "breaker" }): void {
    const { breakerId, change, subjectSha256: hash, coolDownMs, reviewer, message, statements } = entry.body;
    if (change === "opened" && coolDownMs !== undefined) remember(this.#cooling, breakerId);
    if (change !== "closed") return;
    const byRule = this.#cooling.delete(breakerId);
    if (reviewer !== undefined)
      this.#carried(entry, {
        ...{ reviewId: breakerId, subject: "breaker", hash, decision: "close" },
        ...{ reviewer, message, statements },
      });
    else if (!byRule) this.#tell(entry.index, "nobody", "a breaker was closed, and no rule closes it");
  }

  #decided(entry: Entry, { subjectSha256: hash, ...rest }: NonNullable<Body<"sync">["decided"]>): void {
    this.#carried(entry, { ...rest, subject: "change-set", hash });
  }

  #carried({ index, agent }: Entry, carried: Carried): void {
    const { reviewer = "nobody", statements = [] } = carried;
    if (statements.length === 0) {
      if (this.#roll.isEmpty) this.#unsigned++;
      else this.#tell(index, reviewer, "there were reviewers, and none of them signed it");
      return;
    }
    const found = statements.flatMap((nonce) => this.#open.get(nonce) ?? []);
    for (const nonce of statements) this.#open.delete(nonce);
    const names = found.map(({ body }) => body.reviewer);
    if (found.length < statements.length) this.#tell(index, reviewer, "no signed decision stands behind it");
    else if (found.some(({ body, agent: about }) => about !== agent || !isSame(body, carried)))
      this.#tell(index, reviewer, "the signed decision behind it was another one");
    else if (!found.some(({ body }) => (body.message ?? "") === (carried.message ?? "")))
      this.#tell(index, reviewer, "nobody signed its message");
    else if (new Set(names).size < names.length || names.join(", ") !== reviewer)
      this.#tell(index, reviewer, `it was signed by ${names.join(", ")}`);
  }

  #tell(index: number, reviewer: string, why: string): void {
    this.unprovenCount++;
    if (this.unproven.length < UNPROVEN_LISTED_MAX) this.unproven.push({ index, reviewer, why });
  }
}

/** Each who agreed may have said something else to the agent; all else is one thing. */
function isSame(signed: Body<"decision">, carried: Carried): boolean {
  return (
    signed.reviewId === carried.reviewId &&
    signed.subject === carried.subject &&
    signed.subjectSha256 === carried.hash &&
    signed.decision === carried.decision &&
    signed.take === carried.take &&
    signed.selectionSha256 === selectionHash(carried)
  );
}

/** Undefined where the files are told twice, and nobody knows which of them were meant. */
function selectionHash({ files, protectedFiles, selection }: Carried): string | undefined {
  if (selection === undefined) return hashOfSelection({ files, protectedFiles });
  return (files ?? protectedFiles) === undefined ? selection.sha256 : undefined;
}

/** Those that would be used again within the time for which a decision is taken are among the last. */
function remember(nonces: Set<string>, nonce: string): void {
  nonces.add(nonce);
  if (nonces.size > DECISIONS_REMEMBERED_MAX) nonces.delete(nonces.values().next().value as string);
}
