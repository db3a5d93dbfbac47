import * as fs from "node:fs";
import { rm } from "node:fs/promises";
import type { BlobFiles } from "../../base/blob-files.ts";
import { bytesOf, EMPTY, labelOf } from "../../base/byte-string.ts";
import { copyContent, fileSource } from "../../base/content.ts";
import { syncPathAsync } from "../../base/durable-files.ts";
import { copyAttributes } from "../../base/host/extended-attributes.ts";
import { inSlices, mapInSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import { errorCode, unless } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import { isSameObject, namesIn, O_PATH, type RootDirectory, type Status, statusOf } from "../files/root-directory.ts";
import { FILE_BYTES_MAX, PARALLEL_FILES } from "../limits.ts";
import { setMetadata, setOwner, setTime } from "./metadata.ts";
import type { StagedObject } from "./plan.ts";
import { STAGING_PREFIX } from "./staging-name.ts";

const OWNER_READS = 0o400;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/** The private directory at the top of a root in which new objects wait and old ones are kept until the end. */
export class Staging {
  readonly changeSetId: string;
  readonly #fd: number;

  private constructor(fd: number, changeSetId: string) {
    this.#fd = fd;
    this.changeSetId = changeSetId;
  }

  static create(root: RootDirectory, changeSetId: string): Staging {
    const path = `${root.handle}/${STAGING_PREFIX}${changeSetId}`;
    fs.mkdirSync(path, { mode: 0o700 });
    fs.mkdirSync(`${path}/new`, { mode: 0o700 });
    fs.mkdirSync(`${path}/old`, { mode: 0o700 });
    const staging = Staging.open(root, changeSetId);
    if (staging === undefined) throw new Obstacle(EMPTY, "changed-during-sync");
    return staging;
  }

  /** Undefined when there is none (any more). */
  static open(root: RootDirectory, changeSetId: string): Staging | undefined {
    const path = `${root.handle}/${STAGING_PREFIX}${changeSetId}`;
    const fd = unless(["ENOENT"], () => fs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    return fd === undefined ? undefined : new Staging(fd, changeSetId);
  }

  static async remove(root: RootDirectory, changeSetId: string): Promise<void> {
    const path = `${root.handle}/${STAGING_PREFIX}${changeSetId}`;
    for (const part of ["new", "old"]) {
      if (statusOf(`${path}/${part}`)?.isDirectory() !== true) continue;
      const names = await namesIn(`${path}/${part}`);
      await inSlices(names, (name) => fs.rmSync(`${path}/${part}/${name}`, { recursive: true, force: true }));
    }
    // Also when empty, directories that held very many names take long to go.
    await rm(path, { recursive: true, force: true });
    root.syncNames(EMPTY);
  }

  /** Where the object of that number waits, by a name that stays good while this is open. */
  newPath(object: number): string {
    return `/proc/self/fd/${this.#fd}/new/${object}`;
  }

  /** Where the step of that number keeps what was there before. */
  oldPath(step: number): string {
    return `/proc/self/fd/${this.#fd}/old/${step}`;
  }

  /** Puts everything in it on disk; what may not be opened for that has been put there when it was made. */
  async sync(): Promise<void> {
    const place = `/proc/self/fd/${this.#fd}`;
    const files = await namesIn(`${place}/new`, { filesOnly: true });
    const paths = await mapInSlices(files, (name) => `${place}/new/${name}`);
    for (const directory of ["new", "old", "."]) paths.push(`${place}/${directory}`);
    await inParallel(paths, PARALLEL_FILES, async (path) => {
      await syncPathAsync(path).catch((error: unknown) => {
        if (errorCode(error) !== "EACCES") throw error;
      });
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * Makes a new file or link, complete but not yet on disk: to create files while others are synced is ten times as slow.
 * `checked` is what a hard link's target was found to be.
 */
export async function stageObject(
  { path: label, state }: StagedObject,
  path: string,
  root: RootDirectory,
  blobs: BlobFiles,
  checked: Status | undefined,
): Promise<void> {
  if (state.type === "symlink") {
    fs.symlinkSync(bytesOf(state.target), path);
    setMetadata(path, state, label);
  } else if (state.nameOf !== undefined) {
    fs.linkSync(root.locate(state.nameOf), path);
    if (!isSameObject(statusOf(path), checked)) throw new Obstacle(state.nameOf, "changed-during-sync");
  } else {
    const source = blobs.open(state.sha256);
    const target = fs.openSync(path, "wx", 0o600);
    try {
      const copied = await copyContent(fileSource(source), target, FILE_BYTES_MAX);
      if (copied.sha256 !== state.sha256)
        throw new Error(`the content kept for ${JSON.stringify(labelOf(label))} has been changed`);
      setOwner(path, state, label);
      // Before the mode, which an access control list would change. A directory on the way may yet have to be made.
      if (root.status(label)?.isFile() === true) copyAttributes(root.locate(label), target);
      fs.fchmodSync(target, state.mode);
      if (state.mtimeNs !== undefined) setTime(target, state.mtimeNs);
      if ((state.mode & OWNER_READS) === 0) fs.fsyncSync(target);
    } finally {
      fs.closeSync(target);
      fs.closeSync(source);
    }
  }
}
