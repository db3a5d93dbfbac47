import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { syncPathAsync } from "../../base/durable-files.ts";
import { unless } from "../../base/system-error.ts";
import { ZtlError } from "../../errors.ts";
import { type Copied, copyContent, fileSource, type Source } from "../files/copy.ts";
import { inParallel } from "../files/parallel.ts";
import { BLOB_GRACE_MS, FILE_BYTES_MAX, PARALLEL_FILES } from "../limits.ts";

const { O_RDONLY, O_NOFOLLOW } = fs.constants;
const DRAFTS = "drafts";

/**
 * Contents as files `ab/cdef…`, named by their SHA-256 and readable by the owner only. A file gets its name when all of it is
 * on disk; what was put has it when `settle` has returned. (To create files while others are synced is ten times as slow.)
 */
export class BlobFiles {
  readonly #directory: string;
  /** Written, but not certain to be on disk: SHA-256 -> draft. */
  readonly #drafts = new Map<string, string>();
  /** Shards whose names may not be on disk, as another process may not have come that far. */
  readonly #shards = new Set<string>();
  #settling: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
    fs.mkdirSync(join(directory, DRAFTS), { recursive: true, mode: 0o700 });
  }

  /** Keeps the content, unless it is not the expected one; the answer says what was found. */
  async put(source: Source, expected?: string): Promise<Copied> {
    if (expected !== undefined && this.#isKept(expected)) return await copyContent(source, undefined, FILE_BYTES_MAX);
    const draft = join(this.#directory, DRAFTS, randomBytes(16).toString("hex"));
    const fd = fs.openSync(draft, "wx", 0o600);
    try {
      const copied = await copyContent(source, fd, FILE_BYTES_MAX);
      if (copied.sha256 === (expected ?? copied.sha256) && !this.#isKept(copied.sha256)) {
        this.#drafts.set(copied.sha256, draft);
      } else fs.rmSync(draft);
      return copied;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** To be awaited before anything that names the contents is written down. */
  async settle(): Promise<void> {
    const before = this.#settling.catch(() => undefined);
    this.#settling = before.then(() => this.#settle());
    await this.#settling;
  }

  has(sha256: string): boolean {
    return fs.existsSync(this.#pathOf(sha256));
  }

  /** A descriptor to read it from; the caller closes it. Throws ZtlError `content-missing`. */
  open(sha256: string): number {
    const fd = unless(["ENOENT"], () => fs.openSync(this.#pathOf(sha256), O_RDONLY | O_NOFOLLOW));
    if (fd !== undefined) return fd;
    throw new ZtlError("content-missing", `The content ${sha256} is not kept any more`, { sha256 });
  }

  /** At most `bytesMax` bytes from the start; undefined when it is not kept. Throws ZtlError `content-damaged`. */
  async read(sha256: string, bytesMax: number): Promise<Buffer | undefined> {
    if (!this.has(sha256)) return undefined;
    const fd = this.open(sha256);
    try {
      const size = fs.fstatSync(fd).size;
      const content = Buffer.alloc(Math.min(size, bytesMax));
      for (let at = 0; at < content.length; ) {
        const bytes = fs.readSync(fd, content, at, content.length - at, at);
        if (bytes === 0) break;
        at += bytes;
      }
      const { sha256: found } = await copyContent(fileSource(fd), undefined, FILE_BYTES_MAX);
      if (found === sha256) return content;
      throw new ZtlError("content-damaged", `The kept content ${sha256} has been changed`, { sha256 });
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Removes what no change set uses any more and is not just being written. */
  removeUnused(isUsed: (sha256: string) => boolean, now: number): void {
    for (const shard of fs.readdirSync(this.#directory)) {
      for (const name of fs.readdirSync(join(this.#directory, shard))) {
        const path = join(this.#directory, shard, name);
        if (shard !== DRAFTS && isUsed(shard + name)) continue;
        const status = fs.lstatSync(path, { throwIfNoEntry: false });
        if (status !== undefined && now - status.mtimeMs > BLOB_GRACE_MS) fs.rmSync(path, { force: true });
      }
    }
  }

  #isKept(sha256: string): boolean {
    if (this.#drafts.has(sha256)) return true;
    const path = this.#pathOf(sha256);
    // Another process may be about to remove what nobody uses, by age.
    const now = new Date();
    const isThere = unless(["ENOENT"], () => fs.utimesSync(path, now, now) === undefined) === true;
    if (isThere) this.#shards.add(dirname(path));
    return isThere;
  }

  /** What fails stays a draft, for the next who settles. */
  async #settle(): Promise<void> {
    const drafts = [...this.#drafts];
    await inParallel(drafts, PARALLEL_FILES, ([, draft]) => syncPathAsync(draft));
    for (const [sha256, draft] of drafts) {
      const path = this.#pathOf(sha256);
      fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      fs.renameSync(draft, path);
      this.#drafts.delete(sha256);
      this.#shards.add(dirname(path)).add(this.#directory);
    }
    const shards = [...this.#shards];
    await inParallel(shards, PARALLEL_FILES, syncPathAsync);
    for (const shard of shards) this.#shards.delete(shard);
  }

  #pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new ZtlError("content-name", "Expected a SHA-256 in hexadecimal", { sha256 });
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }
}
