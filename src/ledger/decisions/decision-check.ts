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

/**
 * Looks through the decisions of a ledger, entry by entry: whether each is signed by the reviewer it names, for this ledger, once, and
 * while that was a reviewer; and whether what was approved or rejected rests on such decisions as soon as there are reviewers.
 */
export class DecisionCheck {
  readonly unproven: UnprovenDecision[] = [];
  /** Also of those that are not listed. */
  unprovenCount = 0;
  readonly #ledgerId: string;
  readonly #roll = new ReviewerRoll();
  readonly #nonces = new Set<string>();
  /** Signed and not acted on yet, by nonce. */
  readonly #open = new Map<string, Body<"decision">>();
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
    if (entry.kind === "approval" && entry.body.decision !== "expire") this.#approval(entry);
  }

  #decision({ index, time, body }: Entry & { readonly kind: "decision" }): void {
    const why = this.#refutation(body, time);
    remember(this.#nonces, body.nonce);
    if (why !== undefined) {
      this.#tell(index, body.reviewer, why);
      return;
    }
    this.#signed++;
    this.#open.set(body.nonce, body);
    if (this.#open.size > DECISIONS_REMEMBERED_MAX) this.#open.delete(this.#open.keys().next().value as string);
  }

  #refutation(body: Body<"decision">, recordedAt: string): string | undefined {
    const { reviewer, publicKey, signature, signedAt, nonce } = body;
    const key = this.#roll.keyOf(reviewer, publicKey);
    if (key === undefined) return "was no reviewer with this key at that time";
    if (this.#nonces.has(nonce)) return "the same signed decision was used before";
    const { reviewId, decision, subjectSha256, selectionSha256, message, files, protectedFiles } = body;
    const statement = {
      ...{ ledgerId: this.#ledgerId, reviewId, decision, hash: subjectSha256, selectionSha256 },
      ...{ messageSha256: hashOfMessage(message), reviewer, publicKey, signedAt, nonce },
    };
    if (!isStatementSigned(statement, signature, key)) return "the signature is not for this decision";
    const isListed = (files ?? protectedFiles) !== undefined;
    if (isListed && hashOfSelection({ files, protectedFiles }) !== selectionSha256)
      return "the files recorded are not those that were signed";
    const skewMs = Math.abs(Date.parse(recordedAt) - Date.parse(signedAt));
    return skewMs > 2 * DECISION_CLOCK_SKEW_MS ? "it was recorded long before or after it was signed" : undefined;
  }

  #approval({ index, body }: Entry & { readonly kind: "approval" }): void {
    const { reviewer = "nobody", statements = [] } = body;
    if (statements.length === 0) {
      if (this.#roll.isEmpty) this.#unsigned++;
      else this.#tell(index, reviewer, "there were reviewers, and none of them signed it");
      return;
    }
    const found = statements.flatMap((nonce) => this.#open.get(nonce) ?? []);
    for (const nonce of statements) this.#open.delete(nonce);
    const names = found.map((one) => one.reviewer);
    if (found.length < statements.length) this.#tell(index, reviewer, "no signed decision stands behind it");
    else if (found.some(({ decision, subject }) => decision !== body.decision || subject !== body.subject))
      this.#tell(index, reviewer, "the signed decision behind it was another one");
    else if (new Set(names).size < names.length || names.join(", ") !== reviewer)
      this.#tell(index, reviewer, `it was signed by ${names.join(", ")}`);
  }

  #tell(index: number, reviewer: string, why: string): void {
    this.unprovenCount++;
    if (this.unproven.length < UNPROVEN_LISTED_MAX) this.unproven.push({ index, reviewer, why });
  }
}

/** Those that would be used again within the time for which a decision is taken are among the last. */
function remember(nonces: Set<string>, nonce: string): void {
  nonces.add(nonce);
  if (nonces.size > DECISIONS_REMEMBERED_MAX) nonces.delete(nonces.values().next().value as string);
}
