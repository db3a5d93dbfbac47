import { defined } from "../base/optional.ts";
import { sha256Hex } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import type { AdmissionClaims } from "../guard/index.ts";
import { readAdmission } from "./admitted-text.ts";
import { copyDocument, type DocumentCopy, freshDocument, type MemoryDocument } from "./document.ts";
import { BATCH_DOCUMENTS_MAX } from "./limits.ts";
import { type Checks, recheck } from "./recheck.ts";
import type { MemoryRefusal, RefusalReason } from "./refusal.ts";

export interface EntryScope {
  /** When given, only documents of this run may enter; otherwise of any run of the agent, as its admission says. */
  readonly runId?: string;
}

export interface RetrievalScope {
  /** Agents whose documents this one may read too. */
  readonly sharedWith?: readonly string[];
}

export type EntryResult =
  /** Copies made before the check: write these, not the ones that were handed in. */
  | { readonly status: "admitted"; readonly documents: MemoryDocument[] }
  /** Nothing may be written. */
  | { readonly status: "refused"; readonly refusals: readonly MemoryRefusal[] };

export type RetrievalCheck =
  | { readonly status: "admitted"; readonly document: MemoryDocument; readonly claims: AdmissionClaims }
  | { readonly status: "withheld"; readonly refusal: MemoryRefusal };

/** Told of what comes in, by its claims, before whoever asked has it. */
export type TakenIn = (claims: readonly AdmissionClaims[]) => void;

export interface VectorGateOptions extends Checks {
  /** Whose memory the store is to this gate: only this agent's documents enter by it. */
  readonly agent: string;
  readonly takenIn?: TakenIn;
  readonly onRefusal: (refusal: MemoryRefusal) => void;
}

/** Decides which documents may be written to a vector store, and which of those found in it may be read. */
export class VectorGate {
  readonly #checks: Checks;
  readonly #agent: string;
  readonly #takenIn: TakenIn;
  readonly #onRefusal: (refusal: MemoryRefusal) => void;

  constructor({ verifier, rescan, agent, takenIn = () => {}, onRefusal }: VectorGateOptions) {
    this.#checks = { verifier, rescan };
    this.#agent = agent;
    this.#takenIn = takenIn;
    this.#onRefusal = onRefusal;
  }

  /**
   * All or nothing. An admission is used up by the attempt, whether its batch was admitted or not.
   * Throws ZtlError `batch-too-large`.
   */
  enter(documents: readonly unknown[], scope: EntryScope = {}): EntryResult {
    const batch = [...documents];
    if (batch.length > BATCH_DOCUMENTS_MAX)
      throw new ZtlError("batch-too-large", `A batch may have ${BATCH_DOCUMENTS_MAX} documents; found ${batch.length}`);
    const entries = batch.map((document) => this.#enterOne(document, scope));
    const refusals = entries.flatMap((entry, index): MemoryRefusal[] =>
      "reason" in entry ? [refusalOf("vector-entry", entry.reason, this.#agent, index, entry.copy)] : [],
    );
    refusals.forEach((refusal) => this.#onRefusal(refusal));
    if (refusals.length > 0) return { status: "refused", refusals };
    return { status: "admitted", documents: entries.flatMap((entry) => ("reason" in entry ? [] : [entry])) };
  }

  /** The documents that may be read, in their order; each that may not is reported. */
  leave(documents: readonly unknown[], scope: RetrievalScope = {}): MemoryDocument[] {
    const checks = this.check(documents, scope);
    this.report(checks);
    this.take(checks);
    return checks.flatMap((check) => (check.status === "admitted" ? [check.document] : []));
  }

  /**
   * The same, one answer for each document, without a report and before any is taken: whoever hands one on calls `take` first. A
   * document that is there twice may be read once.
   */
  check(documents: readonly unknown[], { sharedWith = [] }: RetrievalScope = {}): RetrievalCheck[] {
    const agent = this.#agent;
    const agents = new Set([agent, ...sharedWith]);
    const nonces = new Set<string>();
    return documents.map((document, index) => {
      const copy = copyDocument(document);
      const withheld = (reason: RefusalReason): RetrievalCheck => {
        return { status: "withheld", refusal: refusalOf("vector-retrieval", reason, agent, index, copy) };
      };
      if (copy === undefined) return withheld("malformed");
      if (copy.admission === undefined) return withheld("no-admission");
      const admission = readAdmission(copy.admission);
      if (admission === undefined) return withheld("malformed");
      const result = recheck(this.#checks, admission, copy.content, { agents, purpose: "document" });
      if (result.status === "refused") return withheld(result.reason);
      // Each admission let one document in; more of them were put there past the gate.
      if (nonces.has(result.claims.nonce)) return withheld("replayed");
      nonces.add(result.claims.nonce);
      return { status: "admitted", document: freshDocument(copy, admission), claims: result.claims };
    });
  }

  report(checks: readonly RetrievalCheck[]): void {
    for (const check of checks) if (check.status === "withheld") this.#onRefusal(check.refusal);
  }

  /** Documents that are about to be read: their labels come along. */
  take(checks: readonly RetrievalCheck[]): void {
    const claims = checks.flatMap((check) => (check.status === "admitted" ? [check.claims] : []));
    if (claims.length > 0) this.#takenIn(claims);
  }

  #enterOne(
    document: unknown,
    { runId }: EntryScope,
  ): MemoryDocument | { readonly reason: RefusalReason; readonly copy: DocumentCopy | undefined } {
    const copy = copyDocument(document);
    if (copy === undefined) return { reason: "malformed", copy };
    if (copy.admission === undefined) return { reason: "no-admission", copy };
    const admission = readAdmission(copy.admission);
    if (admission === undefined) return { reason: "malformed", copy };
    const scope = { agent: this.#agent, runId: runId ?? admission.claims.runId, purpose: "document" as const };
    const check = this.#checks.verifier.verify(admission, copy.content, scope);
    if (check.status === "refused") return { reason: check.reason, copy };
    return freshDocument(copy, admission);
  }
}

function refusalOf(
  place: MemoryRefusal["place"],
  reason: RefusalReason,
  agent: string,
  index: number,
  copy: DocumentCopy | undefined,
): MemoryRefusal {
  return { place, reason, agent, index, ...defined({ contentSha256: copy && sha256Hex(copy.content) }) };
}
