import { randomBytes } from "node:crypto";
import { sha256Hex } from "../../base/sha256.ts";
import { ReviewerSigner } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { SESSION_MS, SIGN_INS_MAX } from "../limits.ts";
import { Attempts } from "./attempts.ts";

export type SignIn =
  | { readonly status: "known"; readonly signer: ReviewerSigner }
  | { readonly status: "unknown" }
  | { readonly status: "wait"; readonly waitMs: number };

interface SignedIn {
  readonly signer: ReviewerSigner;
  readonly beganMs: number;
}

/**
 * Reviewers who gave this server their token: it signs for them until they sign out, it ends, or half a day is over. Kept in memory
 * alone, under the hash of what their cookie holds.
 */
export class SignIns {
  readonly #reviewers: Desk["reviewers"];
  readonly #now: () => number;
  readonly #attempts: Attempts;
  readonly #signedIn = new Map<string, SignedIn>();
  /** Hashes of tokens that were right: who is wrong does not keep these waiting. */
  readonly #right = new Set<string>();

  constructor(reviewers: Desk["reviewers"], now: () => number = Date.now) {
    this.#reviewers = reviewers;
    this.#now = now;
    this.#attempts = new Attempts(now);
  }

  /** Whether anybody has to sign in to decide. */
  get isNeeded(): boolean {
    return this.#reviewers.list().length > 0;
  }

  /** Whose token this is. */
  look(token: string): SignIn {
    const hash = sha256Hex(token);
    const { waitMs } = this.#attempts;
    if (waitMs > 0 && !this.#right.has(hash)) return { status: "wait", waitMs };
    const name = this.#reviewers.whoseToken(token)?.name;
    if (name === undefined) {
      this.#attempts.failed();
      return { status: "unknown" };
    }
    keep(this.#right, hash);
    return { status: "known", signer: ReviewerSigner.fromToken(name, token) };
  }

  /** Whether a token that was right is so still. */
  isReviewers(token: string): boolean {
    return this.#reviewers.whoseToken(token) !== undefined;
  }

  /** What the cookie of this browser is to hold. */
  begin(signer: ReviewerSigner): string {
    const cookie = randomBytes(32).toString("base64url");
    this.#signedIn.set(sha256Hex(cookie), { signer, beganMs: this.#now() });
    if (this.#signedIn.size > SIGN_INS_MAX) this.#signedIn.delete(this.#signedIn.keys().next().value as string);
    return cookie;
  }

  /** Undefined once it is over, or its reviewer is one no more. */
  find(cookie: string): ReviewerSigner | undefined {
    const found = this.#signedIn.get(sha256Hex(cookie));
    if (found === undefined) return undefined;
    const ageMs = this.#now() - found.beganMs;
    const isReviewer = this.#reviewers
      .list()
      .some(({ publicKey, revokedAt }) => publicKey === found.signer.publicKey && revokedAt === undefined);
    if (ageMs >= 0 && ageMs < SESSION_MS && isReviewer) return found.signer;
    this.end(cookie);
    return undefined;
  }

  end(cookie: string): void {
    this.#signedIn.delete(sha256Hex(cookie));
  }
}

function keep(hashes: Set<string>, hash: string): void {
  hashes.add(hash);
  if (hashes.size > SIGN_INS_MAX) hashes.delete(hashes.values().next().value as string);
}
