import { type Cipheriv, createCipheriv, randomFillSync } from "node:crypto";
import { sha256 } from "../../base/sha256.ts";

/** Bytes made at a time: enough for what a program asks at its start. */
const BLOCK_BYTES = 4096;
/** Separates this use of a seed from any other. */
const DOMAIN = Buffer.from("ztl-guest-random-v1\n");

/** Where the guest's random numbers come from: the host's generator, or a seed, for a run that is to be repeatable. */
export class RandomSource {
  #stream: Cipheriv | undefined;

  /** At the start of a run. A seed is expanded with AES-256 in counter mode (NIST SP 800-38A, 6.5), keyed with its hash. */
  begin(seed: Uint8Array | undefined): void {
    const key = seed && sha256(DOMAIN, seed);
    this.#stream = key && createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  }

  /** Fills and returns the bytes. */
  fill<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
    if (this.#stream === undefined) return randomFillSync(bytes);
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const part = bytes.subarray(at, at + BLOCK_BYTES);
      part.set(this.#stream.update(new Uint8Array(part.length)));
    }
    return bytes;
  }
}
