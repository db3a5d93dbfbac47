import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { sha256Hex } from "../../base/sha256.ts";
import { ZtlError } from "../../errors.ts";
import type { Hash } from "../merkle/tree.ts";

/**
 * A signed tree head: "the ledger had so many entries, and this root stands for all of them". One line of text, which is what is
 * signed, stored and printed; kept somewhere else, it is an anchor that a later ledger must agree with.
 */
export interface Head {
  readonly ledgerId: string;
  /** Heads are counted from 0: one for each group of entries. */
  readonly number: number;
  /** Entries covered. */
  readonly size: number;
  readonly time: string;
  /** RFC 6962 tree hash of all entries, hexadecimal. */
  readonly rootHash: string;
  /** Hash of the last entry, hexadecimal: where the chain goes on. */
  readonly lastHash: string;
  /** Which key signed; see `keyIdOf`. */
  readonly keyId: string;
}

export interface SignedHead extends Head {
  /** Ed25519 over the line up to the signature. */
  readonly signature: Uint8Array;
  readonly line: string;
}

/** The tag keeps this signature from ever meaning anything else that the same key signs. */
const TAG = "ztl-ledger-head-v1";
const LINE = new RegExp(
  `^(${TAG} ledger=([0-9a-f]{32}) head=(0|[1-9]\\d{0,15}) size=(0|[1-9]\\d{0,15}) ` +
    "time=(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z) root=([0-9a-f]{64}) last=([0-9a-f]{64}) key=([0-9a-f]{16})) sig=([A-Za-z0-9_-]{86})$",
);

function signedText(head: Head): string {
  const { ledgerId, number, size, time, rootHash, lastHash, keyId } = head;
  return `${TAG} ledger=${ledgerId} head=${number} size=${size} time=${time} root=${rootHash} last=${lastHash} key=${keyId}`;
}

export function signHead(head: Head, privateKey: KeyObject): SignedHead {
  const text = signedText(head);
  const signature = sign(null, Buffer.from(text), privateKey);
  return { ...head, signature, line: `${text} sig=${signature.toString("base64url")}` };
}

/** Throws ZtlError `head-malformed`. The signature is not checked here. */
export function parseHead(line: string): SignedHead {
  const found = LINE.exec(line);
  const signature = Buffer.from(found?.[9] ?? "", "base64url");
  // The last character of the signature has two unused bits: only one of its four spellings is ours.
  if (found === null || signature.toString("base64url") !== found[9]) {
    throw new ZtlError(
      "head-malformed",
      `Expected a line that begins with "${TAG} ledger=" and ends with "sig=…"; found ${JSON.stringify(line.slice(0, 400))}`,
    );
  }
  const [, , ledgerId, number, size, time, rootHash, lastHash, keyId] = found as unknown as string[];
  return {
    ledgerId: ledgerId as string,
    number: Number(number),
    size: Number(size),
    time: time as string,
    rootHash: rootHash as string,
    lastHash: lastHash as string,
    keyId: keyId as string,
    signature,
    line,
  };
}

export function isSignedBy(head: SignedHead, publicKey: KeyObject): boolean {
  return verify(null, Buffer.from(signedText(head)), publicKey, head.signature);
}

/** The same on a thread of the pool, where signatures cost the caller nothing and several are checked at once. */
export function isSignedByAsync(head: SignedHead, publicKey: KeyObject): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, Buffer.from(signedText(head)), publicKey, head.signature, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

/** The root as bytes. */
export function rootOfHead(head: Head): Hash {
  return Buffer.from(head.rootHash, "hex");
}

/** The first 8 bytes of the raw public key's SHA-256, hexadecimal: enough to tell keys apart in a message. */
export function keyIdOf(publicKey: KeyObject): string {
  return sha256Hex(rawPublicKey(publicKey)).slice(0, 16);
}

/** 32 bytes (RFC 8032 section 5.1.5). */
export function rawPublicKey(publicKey: KeyObject): Uint8Array {
  const { x } = publicKey.export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}

/** `ed25519:` and the raw key in base64url: one word to hand to whoever verifies. */
export function formatPublicKey(publicKey: KeyObject): string {
  return `ed25519:${Buffer.from(rawPublicKey(publicKey)).toString("base64url")}`;
}

/** One key has one spelling: the last character has two unused bits. Throws ZtlError `key-malformed`. */
export function parsePublicKey(text: string): KeyObject {
  const x = /^ed25519:([A-Za-z0-9_-]{43})$/.exec(text.trim())?.[1];
  if (x === undefined || Buffer.from(x, "base64url").toString("base64url") !== x)
    throw new ZtlError("key-malformed", 'Expected a public key such as "ed25519:…43 characters…"');
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
