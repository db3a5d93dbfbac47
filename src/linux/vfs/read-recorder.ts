import { createHash } from "node:crypto";
import { LinuxError } from "../errno.ts";
import { type HostFile, sameState } from "./host-inode.ts";

/** A host file whose content the guest read. */
export interface FileRead {
  /** Where the guest saw it (byte string). */
  readonly path: string;
  readonly hostPath: string;
  readonly sizeBytes: number;
  /** Device, inode, size and times of the file: the same key means the same content. */
  readonly contentKey: string;
  /** Hash of the content; absent when the file could not be read any more. */
  readonly sha256: string | undefined;
  /** True when the host changed the file during the run, so the guest may have seen another content than was hashed. */
  readonly changedDuringRun: boolean;
}

/** Hashes kept across runs; each entry is some 200 bytes. */
const HASHES_MAX = 50_000;
const HASH_BUFFER_BYTES = 1024 * 1024;

/** Content hashes of host files by content key; lives across runs. */
export class HashCache {
  readonly #hashes = new Map<string, string>();

  /**
   * The hash of the file's present content. `isStale`: the host changed it since the run looked at it, so it may not be
   * what the guest saw; such a hash is not kept.
   * @throws LinuxError when it cannot be read any more
   */
  ofState(file: HostFile): { readonly sha256: string; readonly isStale: boolean } {
    const isStale = !sameState(file.host, file.currentState());
    if (isStale) return { sha256: hashFile(file), isStale };
    const key = file.contentKey();
    let sha256 = this.#hashes.get(key);
    if (sha256 === undefined) {
      sha256 = hashFile(file);
      if (!sameState(file.host, file.currentState())) return { sha256, isStale: true };
      if (this.#hashes.size >= HASHES_MAX) this.#hashes.clear();
      this.#hashes.set(key, sha256);
    }
    return { sha256, isStale };
  }
}

function hashFile(file: HostFile): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(HASH_BUFFER_BYTES, file.stat().sizeBytes + 1));
  for (let position = 0; ; ) {
    const bytes = file.readUnrecorded(buffer, position);
    if (bytes === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytes));
    position += bytes;
  }
}

/** The read set of one run. */
export class ReadRecorder {
  readonly #files = new Set<HostFile>();
  readonly #hashes: HashCache;

  constructor(hashes: HashCache) {
    this.#hashes = hashes;
  }

  note(file: HostFile): void {
    this.#files.add(file);
  }

  /** Every host file read so far, sorted by guest path. Hashing happens here, not while the guest runs. */
  collect(): FileRead[] {
    const reads = [...this.#files].map((file) => this.#describe(file));
    return reads.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  #describe(file: HostFile): FileRead {
    const { sha256, changedDuringRun } = this.#hash(file);
    return {
      path: file.tree.guestPathOf(file.path),
      hostPath: file.tree.hostPathOf(file.path),
      sizeBytes: file.stat().sizeBytes,
      contentKey: file.contentKey(),
      sha256,
      changedDuringRun,
    };
  }

  #hash(file: HostFile): { sha256: string | undefined; changedDuringRun: boolean } {
    try {
      const { sha256, isStale } = this.#hashes.ofState(file);
      return { sha256, changedDuringRun: isStale };
    } catch (error) {
      if (error instanceof LinuxError) return { sha256: undefined, changedDuringRun: true };
      throw error;
    }
  }
}
