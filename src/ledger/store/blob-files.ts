import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PRIVATE_DIRECTORY_MODE, PRIVATE_FILE_MODE, privateDirectory } from "../../base/private-files.ts";
import { errorCode } from "../../base/system-error.ts";
import { ZtlError } from "../../errors.ts";
import { BLOB_BYTES_MAX } from "../limits.ts";
import { fileError, LEDGER_REFUSAL } from "./files.ts";
import type { BlobState, BlobStore } from "./store.ts";

/** Where unfinished files are, apart from the finished ones. */
const DRAFTS = "tmp";
/** Nobody writes one blob that long; the process that began it is gone. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;
const READ_BYTES = 256 * 1024;
const NAME = /^[0-9a-f]{64}$/;

/** Blobs as files `ab/cdef…`, named by their SHA-256. A file has its name only when all of it is on disk. */
export class BlobFiles implements BlobStore {
  readonly #directory: string;
  /** Shards whose names are on disk for certain: another process may have made one and not come to the fsync. */
  readonly #durableShards = new Set<string>();

  constructor(directory: string, access: "write" | "read") {
    this.#directory = directory;
    if (access === "read") return;
    privateDirectory(directory, LEDGER_REFUSAL);
    privateDirectory(join(directory, DRAFTS), LEDGER_REFUSAL);
    this.#removeAbandoned();
  }

  async put(bytes: Uint8Array): Promise<string> {
    if (bytes.length > BLOB_BYTES_MAX) {
      throw new ZtlError("blob-too-large", `A blob may take ${BLOB_BYTES_MAX} bytes; found ${bytes.length}`);
    }
    // Hashed and written from one copy: the caller may change its bytes while they are on their way to the disk.
    const copy = Uint8Array.from(bytes);
    const sha256 = createHash("sha256").update(copy).digest("hex");
    const path = this.#pathOf(sha256);
    try {
      // Even a blob that is there may have a name that is not on disk yet: another process may not have come that far.
      const known = this.#durableShards.has(dirname(path)) && (await this.check(sha256)).state === "whole";
      if (!known) await this.#write(path, copy);
      await syncNames(dirname(path));
      return sha256;
    } catch (error) {
      throw fileError("ledger-write-failed", "Cannot keep a blob", path, error);
    }
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    const found = await this.#read(sha256, (chunk) => chunks.push(chunk));
    if (found === undefined) return undefined;
    if (found.sha256 === sha256) return Buffer.concat(chunks);
    throw new ZtlError("blob-damaged", `The content of blob ${sha256} is not what was recorded`, { sha256 });
  }

  async check(sha256: string): Promise<BlobState> {
    const found = await this.#read(sha256, () => {});
    if (found === undefined) return { state: "missing" };
    return found.sha256 === sha256 ? { state: "whole", sizeBytes: found.sizeBytes } : { state: "damaged" };
  }

  #pathOf(sha256: string): string {
    if (!NAME.test(sha256)) throw new ZtlError("blob-name", "A blob is named by a SHA-256 in lower-case hexadecimal");
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const shard = dirname(path);
    if (!this.#durableShards.has(shard)) {
      await mkdir(shard, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
      await syncNames(this.#directory);
      this.#durableShards.add(shard);
    }
    const draft = join(this.#directory, DRAFTS, randomBytes(16).toString("hex"));
    try {
      const file = await open(draft, "wx", PRIVATE_FILE_MODE);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** Reads are synchronous, a tenth of the price for the small files that most blobs are; large ones let others in between. */
  async #read(sha256: string, take: (chunk: Uint8Array) => void): Promise<FoundBlob | undefined> {
    const path = this.#pathOf(sha256);
    const fd = openBlob(path);
    if (typeof fd !== "number") return fd;
    try {
      const status = fstatSync(fd);
      if (!status.isFile()) return NOT_A_BLOB;
      const hash = createHash("sha256");
      const chunkBytes = Math.min(READ_BYTES, status.size + 1);
      let sizeBytes = 0;
      while (sizeBytes <= BLOB_BYTES_MAX) {
        const chunk = Buffer.allocUnsafe(chunkBytes);
        const bytesRead = readSync(fd, chunk, 0, chunkBytes, sizeBytes);
        if (bytesRead === 0) break;
        hash.update(chunk.subarray(0, bytesRead));
        take(chunk.subarray(0, bytesRead));
        sizeBytes += bytesRead;
        if (bytesRead === READ_BYTES) await new Promise((resolve) => setImmediate(resolve));
      }
      return { sha256: hash.digest("hex"), sizeBytes };
    } catch (error) {
      throw fileError("ledger-read-failed", "Cannot read a blob", path, error);
    } finally {
      closeSync(fd);
    }
  }

  #removeAbandoned(): void {
    const directory = join(this.#directory, DRAFTS);
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status !== undefined && Date.now() - status.mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { force: true });
    }
  }
}

interface FoundBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** For what has a blob's name and is none: no content has this hash. */
const NOT_A_BLOB: FoundBlob = { sha256: "", sizeBytes: 0 };

function openBlob(path: string): number | FoundBlob | undefined {
  try {
    // A name replaced by a link or a pipe is not followed or waited for.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "ELOOP") return NOT_A_BLOB;
    throw fileError("ledger-read-failed", "Cannot read a blob", path, error);
  }
}

async function syncNames(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
