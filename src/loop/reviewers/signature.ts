import { createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { ZtlError } from "../../errors.ts";
import {
  bytesOfSelection,
  type DecisionStatement,
  hashOfMessage,
  hashOfSelection,
  type Selection,
  signStatement,
} from "../../ledger/index.ts";
import { type Credential, credentialOfKey, credentialOfToken } from "./credential.ts";

/** What of a decision a signature is for, besides who signs and when. */
export interface DecisionSubject extends Selection {
  /** `ledger.ledgerId` of the loop, and of `/api/ledger/head`. */
  readonly ledgerId: string;
  readonly reviewId: string;
  readonly decision: DecisionStatement["decision"];
  /** `hash` of the review that was looked at. */
  readonly hash: string;
  readonly message?: string | undefined;
  /** Of a rebase: whose version goes on; `merge` unless something else was said. */
  readonly take?: string | undefined;
}

/** A decision's proof: made by `ReviewerSigner.sign`, anywhere. */
export interface DecisionSignature {
  readonly reviewer: string;
  readonly publicKey: string;
  /** RFC 3339, UTC, milliseconds. It is taken for some minutes. */
  readonly signedAt: string;
  readonly nonce: string;
  readonly signature: string;
}

/** A reviewer's name and private key. Whoever holds one decides as that reviewer: keep it out of the processes that run agents. */
export class ReviewerSigner {
  readonly reviewer: string;
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  private constructor(reviewer: string, { privateKey, publicKey }: Credential) {
    this.reviewer = reviewer;
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  /** Of the token that `ztl reviewer add` printed. Throws ZtlError `token-invalid`. */
  static fromToken(reviewer: string, token: string): ReviewerSigner {
    const credential = credentialOfToken(token);
    if (credential === undefined)
      throw new ZtlError("token-invalid", "This is no reviewer's token: one begins with ztlr_ and has 48 characters");
    return new ReviewerSigner(reviewer, credential);
  }

  /** Of an Ed25519 private key, as an object or in PEM. Throws ZtlError `key-malformed`. */
  static fromPrivateKey(reviewer: string, privateKey: KeyObject | string): ReviewerSigner {
    return new ReviewerSigner(reviewer, credentialOfKey(keyObject(privateKey)));
  }

  /** Signs one decision. The signature is worth something once, and for some minutes. */
  sign(subject: DecisionSubject, now: number = Date.now()): DecisionSignature {
    return this.#sign(subject, hashOfSelection(selectionOf(subject)), now);
  }

  /** The same; where the selection has been hashed already, as `selectionSha256` does. */
  signSelected(subject: DecisionSubject, selectionSha256: string, now: number): DecisionSignature {
    return this.#sign(subject, selectionSha256, now);
  }

  #sign(subject: DecisionSubject, selectionSha256: string, now: number): DecisionSignature {
    const { reviewer, publicKey } = this;
    const signedAt = new Date(now).toISOString();
    const nonce = randomBytes(16).toString("base64url");
    const signature = { reviewer, publicKey, signedAt, nonce };
    return {
      ...signature,
      signature: signStatement(statementOf(subject, selectionSha256, signature), this.#privateKey),
    };
  }

  /** Nothing that is printed or stored by mistake has the key in it. */
  toJSON(): { readonly reviewer: string; readonly publicKey: string } {
    return { reviewer: this.reviewer, publicKey: this.publicKey };
  }
}

/** `hashOfSelection` in slices: there may be as many paths as a change set has. */
export async function selectionSha256(subject: DecisionSubject): Promise<string> {
  return sha256Hex(await bytesOfSelection(selectionOf(subject)));
}

function selectionOf({ files, protectedFiles }: DecisionSubject): Selection {
  return defined({ files, protectedFiles });
}

export function statementOf(
  { ledgerId, reviewId, decision, hash, message, take }: DecisionSubject,
  selectionSha256: string,
  { reviewer, publicKey, signedAt, nonce }: Omit<DecisionSignature, "signature">,
): DecisionStatement {
  return {
    ...{ ledgerId, reviewId, decision, hash, reviewer, publicKey, signedAt, nonce },
    ...defined({ take }),
    selectionSha256,
    messageSha256: hashOfMessage(message),
  };
}

function keyObject(key: KeyObject | string): KeyObject {
  if (typeof key !== "string") return key;
  try {
    return createPrivateKey(key);
  } catch (error) {
    throw new ZtlError("key-malformed", "Expected an Ed25519 private key in PEM", {}, { cause: error });
  }
}
