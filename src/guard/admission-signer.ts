import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

/** An agent takes what it is given at once, so that few are enough; each takes some 600 bytes. */
const REMEMBERED_MAX = 1024;

/**
 * Signs admissions, and remembers the last ones that it signed: whoever shows it one of those, to the byte, need not have it verified,
 * which takes longer than all the rest of taking it in.
 */
export class AdmissionSigner {
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;
  /** Signature -> what it signs; the oldest first. */
  readonly #signed = new Map<string, Buffer>();

  /** `privateKey`: Ed25519; a fresh one for this process when absent. */
  constructor(privateKey: KeyObject = generateKeyPairSync("ed25519").privateKey) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey);
  }

  /** Ed25519 (RFC 8032) over the bytes, as base64url. */
  sign(bytes: Buffer): string {
    const signature = sign(null, bytes, this.#privateKey).toString("base64url");
    if (this.#signed.size >= REMEMBERED_MAX) this.#signed.delete(this.#signed.keys().next().value as string);
    this.#signed.set(signature, bytes);
    return signature;
  }

  /** Whether this key signed these bytes, now or ever. */
  hasSigned(bytes: Buffer, signature: string): boolean {
    if (this.#signed.get(signature)?.equals(bytes) === true) return true;
    return isSignedBy(this.publicKey, bytes, signature);
  }
}

/** For whoever has the public key only. */
export function isSignedBy(publicKey: KeyObject, bytes: Buffer, signature: string): boolean {
  return verify(null, bytes, publicKey, Buffer.from(signature, "base64url"));
}
