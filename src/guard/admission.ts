import { type KeyObject, randomUUID } from "node:crypto";
import { canonicalise } from "../base/canonical-json.ts";
import { sha256Hex } from "../base/sha256.ts";
import { AdmissionSigner } from "./admission-signer.ts";
import type { GuardDecision, Verdict } from "./finding.ts";
import { releaseOf } from "./policy.ts";

/** What a content is to be: as anything else it is not admitted, whatever it says. */
export type AdmissionPurpose = "output" | "message" | "document" | "own-words";

/** Whose run produced the content, for which agent's memory it is meant, and as what. */
export interface AdmissionScope {
  readonly runId: string;
  readonly agent: string;
  readonly purpose: AdmissionPurpose;
}

/** Where a content came from and what that means for it, in the words of whoever admits it; it stays with the content. */
export interface AdmissionLabel {
  readonly source: string;
  readonly trust: "trusted" | "untrusted";
  readonly confidentiality: "public" | "private";
}

/** What is signed. Times are milliseconds since the epoch. */
export interface AdmissionClaims extends AdmissionScope {
  readonly version: 2;
  readonly contentSha256: string;
  readonly ruleSetHash: string;
  /** Whoever takes the content in takes these over. */
  readonly labels: readonly AdmissionLabel[];
  /**
   * `admitted` by the guard, or let in although it found something: `released` by a person, or `trusted`, as all labels of it are.
   */
  readonly grant: "admitted" | "released" | "trusted";
  /** Who released it; absent when the guard admitted it. */
  readonly releasedBy?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly nonce: string;
}

/** The guard's signed statement that this exact content may enter memory. Plain JSON, so it can travel and be stored. */
export interface Admission {
  readonly claims: AdmissionClaims;
  /** Ed25519 over `claimBytes`, base64url. Made when it is first asked for: much that is admitted never leaves its process. */
  readonly signature: string;
}

export type AdmitResult =
  | { readonly status: "admitted"; readonly admission: Admission }
  | {
      readonly status: "refused";
      readonly reason: "not-admitted" | "not-flagged" | "other-content" | "other-rule-set" | "no-reviewer";
      readonly decision: GuardDecision;
    };

export interface AdmitterOptions {
  /** Ed25519 private key; a fresh one for this process when absent. */
  readonly privateKey?: KeyObject;
  readonly ruleSetHash: string;
  readonly lifetimeMs?: number;
  readonly now?: () => number;
}

/** Between a verdict and the write into memory lie milliseconds; a person's release comes with its own admission. */
const LIFETIME_MS = 5 * 60_000;

/** Signs admissions. Whoever holds one decides what enters memory: it belongs to the loop, never to an agent. */
export class Admitter {
  /** For the verifier of the same process. */
  readonly signer: AdmissionSigner;
  readonly #ruleSetHash: string;
  readonly #lifetimeMs: number;
  readonly #now: () => number;

  constructor(options: AdmitterOptions) {
    this.signer = new AdmissionSigner(options.privateKey);
    this.#ruleSetHash = options.ruleSetHash;
    this.#lifetimeMs = options.lifetimeMs ?? LIFETIME_MS;
    this.#now = options.now ?? Date.now;
  }

  get publicKey(): KeyObject {
    return this.signer.publicKey;
  }

  /**
   * For content whose verdict is `admit`; a model's own words need only not be blocked, as its tool calls look like what a guard
   * flags in others' words.
   */
  admit(
    content: Uint8Array | string,
    verdict: Verdict,
    scope: AdmissionScope,
    labels: readonly AdmissionLabel[] = [],
  ): AdmitResult {
    const refusal = this.#refusal(content, verdict);
    if (refusal !== undefined) return refusal;
    const isHarmless = verdict.decision === "admit" || (scope.purpose === "own-words" && verdict.decision === "flag");
    if (!isHarmless) return refused("not-admitted", verdict);
    return this.#signed(verdict, scope, labels, { grant: "admitted" });
  }

  /** For content that a person released: flagged, or blocked for structures that stand there plainly (`releaseOf`). */
  release(
    content: Uint8Array | string,
    verdict: Verdict,
    scope: AdmissionScope,
    releasedBy: string,
    labels: readonly AdmissionLabel[] = [],
  ): AdmitResult {
    const refusal = this.#refusal(content, verdict);
    if (refusal !== undefined) return refusal;
    if (verdict.decision === "admit" || releaseOf(verdict) === "never") return refused("not-flagged", verdict);
    if (releasedBy === "") return refused("no-reviewer", verdict);
    return this.#signed(verdict, scope, labels, { grant: "released", releasedBy });
  }

  /** For an output all labels of which are trusted: what a person could release is let in, and nobody is asked. */
  admitTrusted(
    content: Uint8Array | string,
    verdict: Verdict,
    scope: AdmissionScope,
    labels: readonly AdmissionLabel[],
  ): AdmitResult {
    const refusal = this.#refusal(content, verdict);
    if (refusal !== undefined) return refusal;
    const mayBe = scope.purpose === "output" && areTrusted(labels) && releaseOf(verdict) !== "never";
    if (!mayBe) return refused("not-admitted", verdict);
    return this.#signed(verdict, scope, labels, { grant: "trusted" });
  }

  #refusal(content: Uint8Array | string, verdict: Verdict): AdmitResult | undefined {
    if (verdict.ruleSetHash !== this.#ruleSetHash) return refused("other-rule-set", verdict);
    return verdict.contentSha256 === sha256Hex(content) ? undefined : refused("other-content", verdict);
  }

  #signed(
    verdict: Verdict,
    scope: AdmissionScope,
    labels: readonly AdmissionLabel[],
    how: Pick<AdmissionClaims, "grant" | "releasedBy">,
  ): AdmitResult {
    const issuedAt = this.#now();
    const claims: AdmissionClaims = Object.freeze({
      version: 2,
      contentSha256: verdict.contentSha256,
      runId: scope.runId,
      agent: scope.agent,
      purpose: scope.purpose,
      ruleSetHash: verdict.ruleSetHash,
      labels: Object.freeze(
        labels.map(({ source, trust, confidentiality }) => Object.freeze({ source, trust, confidentiality })),
      ),
      ...how,
      issuedAt,
      expiresAt: issuedAt + this.#lifetimeMs,
      nonce: randomUUID(),
    });
    return { status: "admitted", admission: signedLater(claims, this.signer) };
  }
}

function signedLater(claims: AdmissionClaims, signer: AdmissionSigner): Admission {
  // At once: claims that cannot be signed are heard of here.
  const bytes = claimBytes(claims);
  let made: string | undefined;
  return Object.freeze({
    claims,
    get signature(): string {
      made ??= signer.sign(bytes);
      return made;
    },
  });
}

/** Of a content without any label nobody knows where it came from. */
export function areTrusted(labels: readonly Pick<AdmissionLabel, "trust">[]): boolean {
  return labels.length > 0 && labels.every(({ trust }) => trust === "trusted");
}

function refused(reason: Extract<AdmitResult, { status: "refused" }>["reason"], verdict: Verdict): AdmitResult {
  return { status: "refused", reason, decision: verdict.decision };
}

/**
 * What is signed: the claims' canonical JSON after a line that says what it is, so that no signature of this key over anything else
 * is one over these. Throws ZtlError `json-unsupported` or `json-too-large` for names that no admission
 * can have.
 */
export function claimBytes(claims: AdmissionClaims): Buffer {
  return Buffer.from(`ztl-admission-v2\n${canonicalise({ ...claims })}`);
}
