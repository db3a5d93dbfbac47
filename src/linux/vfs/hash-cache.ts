import { sha256Stream } from "../../base/sha256.ts";
import { type HostFile, sameState } from "./host-inode.ts";

/** Hashes kept across runs; each entry is some 200 bytes. */
const HASHES_MAX = 50_000;
const HASH_BUFFER_BYTES = 1024 * 1024;

/** The hash of a file's present content; undefined when the time for hashing was over before. */
export interface StateHash {
  readonly sha256: string | undefined;
  /** The host changed the file since the run looked at it, so what was hashed may not be what the guest saw. */
  readonly isStale: boolean;
}

/** Content hashes of host files by content key; lives across runs. */
export class HashCache {
  readonly #hashes = new Map<string, string>();
  /** When hashing ends, on the clock of `performance.now`: the result of a run does not wait for it any longer. */
  endMs = Number.POSITIVE_INFINITY;

  /**
   * The hash of the whole content, or of parts of it (offset and length in turn) one after the other. One that is stale is
   * not kept.
   * @throws LinuxError when the file cannot be read any more
   */
  ofState(file: HostFile, parts?: readonly number[]): StateHash {
    if (this.#isOver) return { sha256: undefined, isStale: false };
    const isStale = !sameState(file.host, file.currentState());
    if (isStale) return { sha256: this.#hash(file, parts), isStale };
    const key = parts === undefined ? file.contentKey() : `${file.contentKey()}#${parts.join()}`;
    const known = this.#hashes.get(key);
    if (known !== undefined) return { sha256: known, isStale };
    const sha256 = this.#hash(file, parts);
    if (!sameState(file.host, file.currentState())) return { sha256, isStale: true };
    if (sha256 !== undefined) this.#keep(key, sha256);
    return { sha256, isStale };
  }

  get #isOver(): boolean {
    return performance.now() > this.endMs;
  }

  #keep(key: string, sha256: string): void {
    if (this.#hashes.size >= HASHES_MAX) this.#hashes.clear();
    this.#hashes.set(key, sha256);
  }

  #hash(file: HostFile, parts: readonly number[] = [0, file.stat().sizeBytes]): string | undefined {
    const hash = sha256Stream();
    const buffer = Buffer.allocUnsafe(Math.min(HASH_BUFFER_BYTES, file.stat().sizeBytes));
    for (let i = 0; i < parts.length; i += 2) {
      const [start, length] = [parts[i] as number, parts[i + 1] as number];
      for (let done = 0; done < length; ) {
        if (this.#isOver) return undefined;
        const bytes = file.readUnrecorded(buffer.subarray(0, Math.min(buffer.length, length - done)), start + done);
        // It became shorter.
        if (bytes === 0) break;
        hash.update(buffer.subarray(0, bytes));
        done += bytes;
      }
    }
    return hash.digest("hex");
  }
}
