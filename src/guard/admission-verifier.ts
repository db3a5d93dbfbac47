import type { KeyObject } from "node:crypto";
import { isRecord } from "../base/record.ts";
import { sha256Hex } from "../base/sha256.ts";
import {
  type Admission,
  type AdmissionClaims,
  type AdmissionLabel,
  type AdmissionPurpose,
  type AdmissionScope,
  areTrusted,
  claimBytes,
} from "./admission.ts";
import { type AdmissionSigner, isSignedBy } from "./admission-signer.ts";

export type AdmissionRefusal =
  | "malformed"
  | "forged"
  | "expired"
  | "other-rule-set"
  | "other-content"
  | "other-run"
  | "other-agent"
  | "other-purpose"
  | "replayed"
  | "replay-memory-full";

export type AdmissionCheck =
  | { readonly status: "valid"; readonly claims: AdmissionClaims }
  | { readonly status: "refused"; readonly reason: AdmissionRefusal };

export interface AdmissionVerifierOptions {
  /** Who signs: its public key, or the signer itself where it is in this process, which knows what it signed just now. */
  readonly signer: KeyObject | AdmissionSigner;
  readonly ruleSetHash: string;
  readonly now?: () => number;
  /** Nonces remembered until their admissions expire. When all are taken, nothing more is let in. */
  readonly noncesMax?: number;
  /** Where used nonces are remembered; default: in this object. */
  readonly nonces?: Nonces;
}

/** Admissions that were used up, known by their nonces at least until they expire. */
export interface Nonces {
  /** Remembers one; says whether it is there already, or nothing more can be remembered. Times as for `Date.now`. */
  use(nonce: string, expiresAt: number, now: number): "new" | "known" | "full";
}

/** A thousand writes a second for the five minutes an admission lives would be 300,000; each takes some 100 bytes. */
const NONCES_MAX = 300_000;

/** The gate's side: says whether an admission allows this content into this agent's memory, once. */
export class AdmissionVerifier {
  readonly #signer: KeyObject | AdmissionSigner;
  readonly #ruleSetHash: string;
  readonly #now: () => number;
  readonly #nonces: Nonces;

  constructor(options: AdmissionVerifierOptions) {
    this.#signer = options.signer;
    this.#ruleSetHash = options.ruleSetHash;
    this.#now = options.now ?? Date.now;
    this.#nonces = options.nonces ?? new NoncesInMemory(options.noncesMax ?? NONCES_MAX);
  }

  /** For the write into memory: everything must fit, and the admission is used up. */
  verify(admission: unknown, content: Uint8Array | string, scope: AdmissionScope): AdmissionCheck {
    const check = this.#authentic(admission, content);
    if (check.status === "refused") return check;
    const { claims } = check;
    if (this.#now() >= claims.expiresAt || this.#now() < claims.issuedAt) return refuse("expired");
    if (claims.runId !== scope.runId) return refuse("other-run");
    if (claims.agent !== scope.agent) return refuse("other-agent");
    if (claims.purpose !== scope.purpose) return refuse("other-purpose");
    return this.#use(claims);
  }

  /**
   * For reading from memory later: is this still the content that was admitted, for this agent, under today's rules?
   * `other-rule-set` means: scan it again. Nothing is used up and time does not matter.
   */
  recheck(
    admission: unknown,
    content: Uint8Array | string,
    scope: Pick<AdmissionScope, "agent" | "purpose">,
  ): AdmissionCheck {
    const check = this.#authentic(admission, content);
    if (check.status === "refused") return check;
    if (check.claims.purpose !== scope.purpose) return refuse("other-purpose");
    return check.claims.agent === scope.agent ? check : refuse("other-agent");
  }

  #authentic(admission: unknown, content: Uint8Array | string): AdmissionCheck {
    if (!isAdmission(admission)) return refuse("malformed");
    const { claims } = admission;
    if (!hasSigned(this.#signer, claimBytes(claims), admission.signature)) return refuse("forged");
    if (claims.ruleSetHash !== this.#ruleSetHash) return refuse("other-rule-set");
    if (claims.contentSha256 !== sha256Hex(content)) return refuse("other-content");
    return { status: "valid", claims };
  }

  #use(claims: AdmissionClaims): AdmissionCheck {
    switch (this.#nonces.use(claims.nonce, claims.expiresAt, this.#now())) {
      case "new":
        return { status: "valid", claims };
      case "known":
        return refuse("replayed");
      case "full":
        return refuse("replay-memory-full");
    }
  }
}

class NoncesInMemory implements Nonces {
  readonly #most: number;
  /** Nonce -> when it may be forgotten, in the order of use. */
  readonly #seen = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  use(nonce: string, expiresAt: number, now: number): "new" | "known" | "full" {
    if (this.#seen.has(nonce)) return "known";
    // An expired admission is refused for its age, so its nonce need not be kept.
    if (this.#seen.size >= this.#most)
      for (const [one, expired] of this.#seen) if (expired <= now) this.#seen.delete(one);
    if (this.#seen.size >= this.#most) return "full";
    this.#seen.set(nonce, expiresAt);
    return "new";
  }
}

function hasSigned(signer: KeyObject | AdmissionSigner, bytes: Buffer, signature: string): boolean {
  return "hasSigned" in signer ? signer.hasSigned(bytes, signature) : isSignedBy(signer, bytes, signature);
}

function refuse(reason: AdmissionRefusal): AdmissionCheck {
  return { status: "refused", reason };
}

const CLAIM_KEYS = new Set([
  "version",
  "contentSha256",
  "runId",
  "agent",
  "purpose",
  "ruleSetHash",
  "labels",
  "grant",
  "releasedBy",
  "issuedAt",
  "expiresAt",
  "nonce",
]);

/** Agents and run ids of the loop have at most 256 characters (loop/requests.ts); an embedder's may be longer. */
const NAME_UNITS_MAX = 16 * 1024;

/** 64 bytes (RFC 8032, section 5.1.6) in base64url without padding: nothing may follow that nobody signed. */
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

/** The exact shape, as it may come from a database or over a wire. */
function isAdmission(value: unknown): value is Admission {
  if (!isRecord(value) || !isRecord(value.claims) || Object.keys(value).length !== 2) return false;
  if (typeof value.signature !== "string" || !SIGNATURE.test(value.signature)) return false;
  const claims = value.claims;
  const strings = ["contentSha256", "runId", "agent", "ruleSetHash", "nonce"];
  const isRelease = claims.grant === "released" && isName(claims.releasedBy);
  const isTrusted = claims.grant === "trusted" && isLabels(claims.labels) && areTrusted(claims.labels);
  return (
    claims.version === 2 &&
    PURPOSES.has(claims.purpose) &&
    isLabels(claims.labels) &&
    Object.keys(claims).every((key) => CLAIM_KEYS.has(key)) &&
    strings.every((key) => isName(claims[key])) &&
    Number.isSafeInteger(claims.issuedAt) &&
    Number.isSafeInteger(claims.expiresAt) &&
    (isRelease || ((claims.grant === "admitted" || isTrusted) && claims.releasedBy === undefined))
  );
}

const PURPOSES: ReadonlySet<unknown> = new Set<AdmissionPurpose>(["output", "message", "document", "own-words"]);
/** As many as a taint keeps apart (policy/limits.ts). */
const LABELS_MAX = 64;

function isLabels(value: unknown): value is readonly AdmissionLabel[] {
  if (!Array.isArray(value) || value.length > LABELS_MAX) return false;
  return value.every((label: unknown) => {
    if (!isRecord(label) || Object.keys(label).length !== 3 || !isName(label.source)) return false;
    const isTrust = label.trust === "trusted" || label.trust === "untrusted";
    return isTrust && (label.confidentiality === "public" || label.confidentiality === "private");
  });
}

/** Text that can be signed, and not so long that looking at it is an attack. */
function isName(value: unknown): boolean {
  return typeof value === "string" && value.length <= NAME_UNITS_MAX && value.isWellFormed();
}
