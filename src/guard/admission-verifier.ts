import { type KeyObject, verify } from "node:crypto";
import { isRecord } from "../base/record.ts";
import { sha256Hex } from "../base/sha256.ts";
import { type Admission, type AdmissionClaims, type AdmissionScope, claimBytes } from "./admission.ts";

export type AdmissionRefusal =
  | "malformed"
  | "forged"
  | "expired"
  | "other-rule-set"
  | "other-content"
  | "other-run"
  | "other-agent"
  | "replayed"
  | "replay-memory-full";

export type AdmissionCheck =
  | { readonly status: "valid"; readonly claims: AdmissionClaims }
  | { readonly status: "refused"; readonly reason: AdmissionRefusal };

export interface AdmissionVerifierOptions {
  readonly publicKey: KeyObject;
  readonly ruleSetHash: string;
  readonly now?: () => number;
  /** Nonces remembered until their admissions expire. When all are taken, nothing more is let in. */
  readonly noncesMax?: number;
}

/** A thousand writes a second for the five minutes an admission lives would be 300,000; each takes some 100 bytes. */
const NONCES_MAX = 300_000;

/** The gate's side: says whether an admission allows this content into this agent's memory, once. */
export class AdmissionVerifier {
  readonly #publicKey: KeyObject;
  readonly #ruleSetHash: string;
  readonly #now: () => number;
  readonly #noncesMax: number;
  /** Nonce -> when it may be forgotten, in the order of use. */
  readonly #seen = new Map<string, number>();

  constructor(options: AdmissionVerifierOptions) {
    this.#publicKey = options.publicKey;
    this.#ruleSetHash = options.ruleSetHash;
    this.#now = options.now ?? Date.now;
    this.#noncesMax = options.noncesMax ?? NONCES_MAX;
  }

  /** For the write into memory: everything must fit, and the admission is used up. */
  verify(admission: unknown, content: Uint8Array | string, scope: AdmissionScope): AdmissionCheck {
    const check = this.#authentic(admission, content);
    if (check.status === "refused") return check;
    const { claims } = check;
    if (this.#now() >= claims.expiresAt || this.#now() < claims.issuedAt) return refuse("expired");
    if (claims.runId !== scope.runId) return refuse("other-run");
    if (claims.agent !== scope.agent) return refuse("other-agent");
    return this.#use(claims);
  }

  /**
   * For reading from memory later: is this still the content that was admitted, for this agent, under today's rules?
   * `other-rule-set` means: scan it again. Nothing is used up and time does not matter.
   */
  recheck(admission: unknown, content: Uint8Array | string, scope: Pick<AdmissionScope, "agent">): AdmissionCheck {
    const check = this.#authentic(admission, content);
    if (check.status === "refused") return check;
    return check.claims.agent === scope.agent ? check : refuse("other-agent");
  }

  #authentic(admission: unknown, content: Uint8Array | string): AdmissionCheck {
    if (!isAdmission(admission)) return refuse("malformed");
    const { claims } = admission;
    const signature = Buffer.from(admission.signature, "base64url");
    if (!verify(null, claimBytes(claims), this.#publicKey, signature)) return refuse("forged");
    if (claims.ruleSetHash !== this.#ruleSetHash) return refuse("other-rule-set");
    if (claims.contentSha256 !== sha256Hex(content)) return refuse("other-content");
    return { status: "valid", claims };
  }

  #use(claims: AdmissionClaims): AdmissionCheck {
    if (this.#seen.has(claims.nonce)) return refuse("replayed");
    if (this.#seen.size >= this.#noncesMax) this.#forget();
    if (this.#seen.size >= this.#noncesMax) return refuse("replay-memory-full");
    this.#seen.set(claims.nonce, claims.expiresAt);
    return { status: "valid", claims };
  }

  /** An expired admission is refused for its age, so its nonce need not be kept. */
  #forget(): void {
    const now = this.#now();
    for (const [nonce, expiresAt] of this.#seen) if (expiresAt <= now) this.#seen.delete(nonce);
  }
}

function refuse(reason: AdmissionRefusal): AdmissionCheck {
  return { status: "refused", reason };
}

const CLAIM_KEYS = new Set([
  "version",
  "contentSha256",
  "runId",
  "agent",
  "ruleSetHash",
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
  return (
    claims.version === 1 &&
    Object.keys(claims).every((key) => CLAIM_KEYS.has(key)) &&
    strings.every((key) => isName(claims[key])) &&
    Number.isSafeInteger(claims.issuedAt) &&
    Number.isSafeInteger(claims.expiresAt) &&
    (isRelease || (claims.grant === "admitted" && claims.releasedBy === undefined))
  );
}

/** Text that can be signed, and not so long that looking at it is an attack. */
function isName(value: unknown): boolean {
  return typeof value === "string" && value.length <= NAME_UNITS_MAX && value.isWellFormed();
}
