import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { ZtlError } from "../../errors.ts";
import { formatPublicKey } from "../../ledger/index.ts";

/**
 * A reviewer's token is the seed of an Ed25519 key (RFC 8032, section 5.1.5) in base64url. So there is one way to decide, a
 * signature, whoever made it; and what is kept here is public: nobody who reads the state directory can decide with it.
 */
const TOKEN = /^ztlr_([A-Za-z0-9_-]{43})$/;
const SEED_BYTES = 32;
/** A private key of Ed25519 in PKCS #8 up to its seed (RFC 8410, section 10.3). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

export interface Credential {
  readonly privateKey: KeyObject;
  /** `ed25519:…` */
  readonly publicKey: string;
}

export function newToken(): string {
  return `ztlr_${randomBytes(SEED_BYTES).toString("base64url")}`;
}

/** Undefined for what is no token. Whose it is, its public key says. */
export function credentialOfToken(token: string): Credential | undefined {
  const encoded = TOKEN.exec(token.trim())?.[1];
  const seed = Buffer.from(encoded ?? "", "base64url");
  // One token has one spelling: the last character has two unused bits.
  if (encoded === undefined || seed.toString("base64url") !== encoded) return undefined;
  return credentialOfKey(createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" }));
}

/** Throws ZtlError `key-malformed` for another kind of key. */
export function credentialOfKey(privateKey: KeyObject): Credential {
  if (privateKey.type !== "private" || privateKey.asymmetricKeyType !== "ed25519") {
    throw new ZtlError("key-malformed", "Expected an Ed25519 private key", {
      remedy: "openssl genpkey -algorithm ed25519 -out reviewer.pem makes one.",
    });
  }
  return { privateKey, publicKey: formatPublicKey(createPublicKey(privateKey)) };
}
