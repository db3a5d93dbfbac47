import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { ZtlError } from "../errors.ts";
import { type Copied, copyContent, type Source, writeFully } from "./content.ts";
import { syncPathAsync } from "./durable-files.ts";
import { makeDirectory } from "./make-directory.ts";
import { inSlices } from "./pace.ts";
import { inParallel } from "./parallel.ts";
import { PRIVATE_DIRECTORY_MODE, PRIVATE_FILE_MODE, privateDirectory, type Refusal } from "./private-files.ts";
import { sha256Hex, sha256Stream } from "./sha256.ts";
import { errorCode, unless } from "./system-error.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
/** Where files are that have no name yet, apart from the finished ones. */
const DRAFTS = "drafts";
const NAME = /^[0-9a-f]{64}$/;
/** The threads of Node's pool are four; with work waiting for each. */
const SYNCED_AT_ONCE = 8;
const READ_BYTES = 256 * 1024;
/** What nothing names and is younger may be about to be named by another process. That takes seconds. */
export const BLOB_GRACE_MS = 3600 * 1000;

export interface BlobFilesOptions {
  readonly directory: string;
  /** `read` makes and changes nothing. */
  readonly access: "write" | "read";
  /** Longest content. */
  readonly bytesMax: number;
  /** For a directory that is not private. */
  readonly refusal: Refusal;
}

export type BlobState =
  | { readonly state: "whole"; readonly sizeBytes: number }
  | { readonly state: "missing" }
  | { readonly state: "damaged" };

interface Draft {
  readonly path: string;
  /** A sync that failed is not tried again: the kernel forgets what it could not write, and the next one would succeed. */
  syncError?: unknown;
}

/**
 * Contents as files `ab/cdef…`, named by their SHA-256 and readable by the owner only. A file has its name only when all of it
 * is on disk; what was put has it when `settle` has returned. (To create files while others are synced is ten times as slow.)
 */
export class BlobFiles {
  readonly #directory: string;
  readonly #bytesMax: number;
  /** Written, but not certain to be on disk: by SHA-256. */
  readonly #drafts = new Map<string, Draft>();
  /** Shards whose names may not be on disk, as another process may not have come that far. */
  readonly #shards = new Set<string>();
  #settling: Promise<void> = Promise.resolve();

  /** Throws ZtlError with the refusal's code. */
  constructor({ directory, access, bytesMax, refusal }: BlobFilesOptions) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
    if (access === "read") return;
    privateDirectory(directory, refusal);
    privateDirectory(join(directory, DRAFTS), refusal);
  }

  /** Puts and settles: the content survives a power failure when this has resolved. Throws ZtlError `blob-too-large`. */
  async keep(bytes: Uint8Array): Promise<string> {
    if (bytes.length > this.#bytesMax)
      throw new ZtlError("blob-too-large", `A blob may take ${this.#bytesMax} bytes; found ${bytes.length}`);
    const sha256 = sha256Hex(bytes);
    if (!(await this.#isKept(sha256))) {
      // In one piece and without holes, unlike a file of a change set: it is most often small, and takes its room at once.
      await this.#draft(sha256, async (fd) => {
        await writeFully(fd, bytes, 0);
        return { sha256, sizeBytes: bytes.length };
      });
    }
    await this.settle();
    return sha256;
  }

  /**
   * Takes the content, unless it is not the expected one; the answer says what was found. Content that is there already is
   * repaired when it is damaged.
   */
  async put(source: Source, expected?: string): Promise<Copied> {
    if (expected !== undefined && (await this.#isKept(expected)))
      return await copyContent(source, undefined, this.#bytesMax);
    return await this.#draft(expected, (fd) => copyContent(source, fd, this.#bytesMax));
  }

  async #draft(expected: string | undefined, write: (fd: number) => Promise<Copied>): Promise<Copied> {
    const path = join(this.#directory, DRAFTS, randomBytes(16).toString("hex"));
    const fd = fs.openSync(path, "wx", PRIVATE_FILE_MODE);
    let isDraft = false;
    try {
      const copied = await write(fd);
      isDraft = copied.sha256 === (expected ?? copied.sha256) && !(await this.#isKept(copied.sha256));
      if (isDraft) this.#drafts.set(copied.sha256, { path });
      return copied;
    } finally {
      fs.closeSync(fd);
      if (!isDraft) fs.rmSync(path, { force: true });
    }
  }

  /** To be awaited before anything that names the contents is written down. */
  async settle(): Promise<void> {
    const before = this.#settling.catch(() => undefined);
    this.#settling = before.then(() => this.#settle());
    await this.#settling;
  }

  /** A descriptor to read it from; the caller closes it. Throws ZtlError `blob-missing` or `blob-damaged`. */
  open(sha256: string): number {
    const fd = openBlob(this.#pathOf(sha256));
    if (typeof fd === "number") return fd;
    if (fd === "missing") throw new ZtlError("blob-missing", `The content ${sha256} is not kept any more`, { sha256 });
    throw damaged(sha256);
  }

  /** Undefined when it is not kept. With `bytesMax`, so much from its start. Throws ZtlError `blob-damaged`. */
  async get(sha256: string, bytesMax = Number.POSITIVE_INFINITY): Promise<Buffer | undefined> {
    const chunks: Uint8Array[] = [];
    let left = bytesMax;
    const found = await this.#read(sha256, (chunk) => {
      if (left > 0) chunks.push(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= chunk.length;
    });
    if (found.state === "damaged") throw damaged(sha256);
    return found.state === "missing" ? undefined : Buffer.concat(chunks);
  }

  /** What `get` would say, in bounded memory. */
  async check(sha256: string): Promise<BlobState> {
    return await this.#read(sha256, () => {});
  }

  /** Nothing of it is kept any more, whoever still names it. */
  remove(sha256: string): void {
    fs.rmSync(this.#pathOf(sha256), { force: true });
  }

  /** Removes what nothing uses any more and is not just being written. */
  async removeUnused(isUsed: (sha256: string) => boolean, now: number): Promise<void> {
    this.removeAbandoned(now);
    await inSlices(fs.readdirSync(this.#directory), (shard) => {
      if (shard !== DRAFTS) this.#removeOld(shard, now, (name) => !isUsed(shard + name));
    });
  }

  /** Removes what processes that are gone had begun to write. */
  removeAbandoned(now: number): void {
    this.#removeOld(DRAFTS, now, () => true);
  }

  #removeOld(folder: string, now: number, mayGo: (name: string) => boolean): void {
    const directory = join(this.#directory, folder);
    for (const name of fs.readdirSync(directory).filter(mayGo)) {
      const path = join(directory, name);
      const status = fs.lstatSync(path, { throwIfNoEntry: false });
      if (status !== undefined && now - status.mtimeMs > BLOB_GRACE_MS) fs.rmSync(path, { force: true });
    }
  }

  async #isKept(sha256: string): Promise<boolean> {
    const draft = this.#drafts.get(sha256);
    if (draft !== undefined) return draft.syncError === undefined;
    const path = this.#pathOf(sha256);
    // Another process may be about to remove what nobody uses, by age.
    const now = new Date();
    if (unless(["ENOENT"], () => fs.lutimesSync(path, now, now) === undefined) === undefined) return false;
    if ((await this.check(sha256)).state !== "whole") return false;
    this.#shards.add(dirname(path)).add(this.#directory);
    return true;
  }

  /** What fails stays a draft, for the next who settles. */
  async #settle(): Promise<void> {
    const drafts = [...this.#drafts];
    await inParallel(drafts, SYNCED_AT_ONCE, async ([, draft]) => {
      if (draft.syncError !== undefined) throw draft.syncError;
      await syncPathAsync(draft.path).catch((error: unknown) => {
        draft.syncError = error;
        throw error;
      });
    });
    await inSlices(drafts, ([sha256, draft]) => {
      const path = this.#pathOf(sha256);
      if (!this.#shards.has(dirname(path))) makeDirectory(dirname(path), PRIVATE_DIRECTORY_MODE);
      fs.renameSync(draft.path, path);
      if (this.#drafts.get(sha256) === draft) this.#drafts.delete(sha256);
      this.#shards.add(dirname(path)).add(this.#directory);
    });
    const shards = [...this.#shards];
    await inParallel(shards, SYNCED_AT_ONCE, syncPathAsync);
    for (const shard of shards) this.#shards.delete(shard);
  }

  /** Reads are synchronous, a tenth of the price for the small files that most blobs are; large ones let others in between. */
  async #read(sha256: string, take: (chunk: Uint8Array) => void): Promise<BlobState> {
    const fd = openBlob(this.#pathOf(sha256));
    if (typeof fd !== "number") return { state: fd };
    try {
      const hash = sha256Stream();
      const chunkBytes = Math.min(READ_BYTES, fs.fstatSync(fd).size + 1);
      let sizeBytes = 0;
      while (sizeBytes <= this.#bytesMax) {
        const chunk = Buffer.allocUnsafe(chunkBytes);
        const bytesRead = fs.readSync(fd, chunk, 0, chunkBytes, sizeBytes);
        if (bytesRead === 0) break;
        hash.update(chunk.subarray(0, bytesRead));
        take(chunk.subarray(0, bytesRead));
        sizeBytes += bytesRead;
        if (bytesRead === READ_BYTES) await new Promise((resolve) => setImmediate(resolve));
      }
      return hash.digest("hex") === sha256 ? { state: "whole", sizeBytes } : { state: "damaged" };
    } finally {
      fs.closeSync(fd);
    }
  }

  #pathOf(sha256: string): string {
    if (!NAME.test(sha256)) throw new ZtlError("blob-name", "A blob is named by a SHA-256 in lower-case hexadecimal");
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }
}

/** A name that a link, a pipe or a directory has taken is not followed or waited for: no content of ours is that. */
function openBlob(path: string): number | "missing" | "damaged" {
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "missing";
    if (errorCode(error) === "ELOOP" || errorCode(error) === "ENXIO") return "damaged";
    throw error;
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  return "damaged";
}

function damaged(sha256: string): ZtlError {
  return new ZtlError("blob-damaged", `The content of blob ${sha256} is not what was recorded`, { sha256 });
}
