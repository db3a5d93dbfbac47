import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { dirname } from "node:path";
import { keyFile, privateDirectory, readKeyFile } from "../../base/private-files.ts";
import { ZtlError } from "../../errors.ts";
import { fileError, LEDGER_REFUSAL } from "./files.ts";

/** The ledger's Ed25519 key (RFC 8032). Whoever has the file can sign heads, so it is readable by its owner alone. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function generateSigningKey(): SigningKey {
  return generateKeyPairSync("ed25519");
}

/**
 * The key in that file (PKCS #8, PEM); made when there is none. It appears complete or not at all and is never written over: of
 * two processes that make it at once, one wins and both use its key.
 * Throws ZtlError `key-unsafe`, `key-malformed` or `key-unreadable`.
 */
export function openSigningKey(path: string): SigningKey {
  return parseSigningKey(path, () => {
    privateDirectory(dirname(path), LEDGER_REFUSAL);
    return keyFile(path, newKey, KEY_REFUSAL);
  }) as SigningKey;
}

/** The public half of the key in that file; nothing is made. Throws ZtlError `key-missing` and what `openSigningKey` throws. */
export function readPublicKey(path: string): KeyObject {
  const key = parseSigningKey(path, () => readKeyFile(path, KEY_REFUSAL));
  if (key !== undefined) return key.publicKey;
  throw new ZtlError("key-missing", `There is no signing key at ${path}: nothing was recorded there yet`, { path });
}

const KEY_REFUSAL = {
  code: "key-unsafe",
  otherwise: "If others could have read or written it, they may have signed in its name: begin with a new key.",
};

function newKey(): Buffer {
  return Buffer.from(generateSigningKey().privateKey.export({ type: "pkcs8", format: "pem" }));
}

function parseSigningKey(path: string, read: () => Buffer | undefined): SigningKey | undefined {
  let pem: Buffer | undefined;
  try {
    pem = read();
  } catch (error) {
    if (ZtlError.isInstance(error)) throw error;
    throw fileError("key-unreadable", "Cannot use the ledger's signing key", path, error);
  }
  if (pem === undefined) return undefined;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    const message = `Expected a private key in PEM at ${path}; found something else`;
    throw new ZtlError("key-malformed", message, { path }, { cause: error });
  }
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new ZtlError("key-malformed", `Expected an Ed25519 key at ${path}; found ${privateKey.asymmetricKeyType}`, {
      path,
    });
  }
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
