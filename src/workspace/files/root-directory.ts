import * as fs from "node:fs";
import { dirname, join } from "node:path";
import {
  type ByteString,
  byteStringOf,
  bytesOf,
  EMPTY,
  nameOf,
  namesOf,
  ONE_FOR_EACH_BYTE,
  parentOf,
} from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices } from "../../base/pace.ts";
import { isWithin } from "../../base/paths.ts";
import { errorCode, unless } from "../../base/system-error.ts";
import { ZtlError } from "../../errors.ts";
import type { Root } from "../changes/proposed-change.ts";
import { type ConflictReason, Obstacle } from "./obstacle.ts";

/** asm-generic/fcntl.h; Node has no name for it. Such a descriptor only stands for a place: open(2). */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;

export type Status = fs.BigIntStats;

/** Where a root is, and whether a file system has to be mounted there. */
export type RootPlace = Pick<Root, "hostRoot" | "isMountPoint">;

/** What is behind such an obstacle cannot be told: there may be something. */
const UNKNOWN: ReadonlySet<ConflictReason> = new Set(["other-file-system", "root-missing"]);

/**
 * A host directory, held open, below which no symbolic link is ever followed. A path is walked name by name, each directory
 * opened relative to the one before (`/proc/self/fd/N/name`), so that a link put in the way at any instant leads nowhere.
 */
export class RootDirectory {
  /** Absent for a directory that is not there. */
  readonly #fd: number | undefined;
  readonly #path: string;
  readonly #hidden: HiddenPlaces | undefined;
  readonly device: bigint;
  readonly inode: bigint;
  /** The directory the last path was in: changes come sorted, so most paths are in the same as the one before. */
  #parent: { readonly path: ByteString; readonly fd: number } | undefined;

  /**
   * The path is a real one: a link on the way, put there since, is refused. Nothing is changed in a hidden place. A file system that
   * was mounted there and is no more is missing: what is under its place was never meant.
   * Throws ZtlError `root-missing` for one that is not there; one that `mayBeMissing` refuses each of its paths with that reason.
   */
  constructor(root: RootPlace | string, hidden?: HiddenPlaces, { mayBeMissing = false } = {}) {
    const place = typeof root === "string" ? { hostRoot: root } : root;
    const path = place.hostRoot;
    this.#fd = mayBeMissing ? openedOrMissing(place) : openRoot(place);
    this.#path = path;
    this.#hidden = hidden;
    const status = this.#fd === undefined ? undefined : fs.fstatSync(this.#fd, { bigint: true });
    this.device = status?.dev ?? -1n;
    this.inode = status?.ino ?? -1n;
  }

  /** A name for the root's own descriptor, good as long as this is open. */
  get handle(): string {
    return `/proc/self/fd/${this.#opened(EMPTY)}`;
  }

  #opened(path: ByteString): number {
    if (this.#fd === undefined) throw new Obstacle(path, "root-missing");
    return this.#fd;
  }

  /** A path for system calls that do not follow a last link. Throws Obstacle when a directory on the way is none. */
  locate(path: ByteString): Buffer {
    if (this.#hidden?.includes(this.#hostPathOf(path)) === true) throw new Obstacle(path, "hidden-place");
    this.#opened(path);
    if (path === "") return Buffer.from(`${this.handle}/.`);
    return entryIn(this.#openParent(path), nameOf(path));
  }

  /** What stands there; undefined when nothing does, also when a directory on the way is missing or is none. */
  status(path: ByteString): Status | undefined {
    try {
      return fs.lstatSync(this.locate(path), { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      if (error instanceof Obstacle && !UNKNOWN.has(error.reason)) return undefined;
      throw error;
    }
  }

  /** Whether a path lies in a hidden place, which to everything else looks as if nothing were there. */
  isHidden(path: ByteString): boolean {
    try {
      this.locate(path);
      return false;
    } catch (error) {
      if (error instanceof Obstacle) return error.reason === "hidden-place";
      throw error;
    }
  }

  /** Whether a hidden place lies below a path: whoever puts a link or a file there decides what is found in its stead. */
  leadsToHidden(path: ByteString): boolean {
    const around = this.#hostPathOf(path);
    return this.#hidden?.data.paths.some((place) => isWithin(place, around)) === true;
  }

  readlink(path: ByteString): ByteString {
    return byteStringOf(fs.readlinkSync(this.locate(path), { encoding: "buffer" }));
  }

  /** The names in a directory; of very large ones in slices. */
  async list(path: ByteString): Promise<ByteString[]> {
    const fd = fs.openSync(this.locate(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      return await namesIn(`/proc/self/fd/${fd}`);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Puts the names in a directory on disk; one that is gone or may not be read is left to the file system. */
  syncNames(path: ByteString): void {
    try {
      const fd = fs.openSync(this.locate(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      fs.fsyncSync(fd);
      fs.closeSync(fd);
    } catch (error) {
      if (!(error instanceof Obstacle) && !["EACCES", "ENOENT", "ENOTDIR", "ELOOP"].includes(errorCode(error) ?? ""))
        throw error;
    }
  }

  /** To be called when a directory was made or removed: the one held open may have been it. */
  forget(): void {
    if (this.#parent !== undefined) fs.closeSync(this.#parent.fd);
    this.#parent = undefined;
  }

  close(): void {
    this.forget();
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
  }

  #hostPathOf(path: ByteString): string {
    return join(this.#path, bytesOf(path).toString("utf8"));
  }

  #openParent(path: ByteString): number {
    const root = this.#opened(path);
    const parent = parentOf(path);
    if (parent === "") return root;
    if (this.#parent?.path === parent) return this.#parent.fd;
    let fd = root;
    for (const name of namesOf(parent)) {
      const next = this.#enter(fd, name, path);
      if (fd !== root) fs.closeSync(fd);
      fd = next;
    }
    this.forget();
    this.#parent = { path: parent, fd };
    return fd;
  }

  #enter(from: number, name: ByteString, path: ByteString): number {
    try {
      const fd = fs.openSync(entryIn(from, name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
      // Steps are renames and links, which do not cross file systems; and what is mounted below was not meant.
      const status = fs.fstatSync(fd, { bigint: true });
      const isHidden = this.#hidden?.covers(status) === true;
      if (status.dev === this.device && !isHidden) return fd;
      fs.closeSync(fd);
      throw new Obstacle(path, isHidden ? "hidden-place" : "other-file-system");
    } catch (error) {
      if (from !== this.#fd) fs.closeSync(from);
      if (errorCode(error) === "ENOENT") throw new Obstacle(path, "parent-missing");
      if (["ENOTDIR", "ELOOP"].includes(errorCode(error) ?? "")) throw new Obstacle(path, "parent-not-directory");
      throw error;
    }
  }
}

/** Names read at once. */
const NAMES_AT_ONCE = 500;

/** The names in a directory of ours; those of files alone when asked for. */
export async function namesIn(path: string, { filesOnly = false } = {}): Promise<ByteString[]> {
  const names: ByteString[] = [];
  await inSlices(entriesOf(path), (entry) => {
    if (!filesOnly || entry.isFile()) names.push(entry.name as ByteString);
  });
  return names;
}

function* entriesOf(path: string): Generator<fs.Dirent> {
  const directory = fs.opendirSync(path, { encoding: ONE_FOR_EACH_BYTE, bufferSize: NAMES_AT_ONCE });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry;
  } finally {
    directory.closeSync();
  }
}

/** What has that name in an open directory. */
function entryIn(directoryFd: number, name: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directoryFd}/`), bytesOf(name)]);
}

function openRealPath(path: string): number {
  let fd = fs.openSync("/", O_PATH | O_DIRECTORY);
  try {
    for (const name of path.split("/").filter(Boolean)) {
      const next = fs.openSync(`/proc/self/fd/${fd}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      fs.closeSync(fd);
      fd = next;
    }
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw new ZtlError("root-missing", `Cannot open the directory ${path}: ${errorCode(error)}`, {
      path,
      remedy: "Mount a directory that exists, that this user may enter, and that no link leads to.",
    });
  }
}

function openRoot({ hostRoot, isMountPoint: wasMountPoint }: RootPlace): number {
  const fd = openRealPath(hostRoot);
  if (wasMountPoint !== true || isMountPoint(hostRoot)) return fd;
  fs.closeSync(fd);
  throw new ZtlError("root-missing", `The file system that was mounted at ${hostRoot} is not there`, {
    path: hostRoot,
    remedy: "Mount it again, or reject the changes in it.",
  });
}

/** Whether another file system begins there. */
export function isMountPoint(path: string): boolean {
  const [own, above] = [statusOf(path), statusOf(dirname(path))];
  return own !== undefined && above !== undefined && own.dev !== above.dev;
}

function openedOrMissing(root: RootPlace): number | undefined {
  try {
    return openRoot(root);
  } catch (error) {
    if (ZtlError.isInstance(error) && error.code === "root-missing") return undefined;
    throw error;
  }
}

/**
 * Opens several directories, runs `work` with them, and closes them whatever happens. For looking at what waits, one `mayBeMissing`;
 * else throws ZtlError `root-missing`.
 */
export async function withRoots<T>(
  places: readonly RootPlace[],
  hidden: HiddenPlaces | undefined,
  work: (roots: RootDirectory[]) => Promise<T>,
  options: { readonly mayBeMissing?: boolean } = {},
): Promise<T> {
  const roots: RootDirectory[] = [];
  try {
    hidden?.refresh();
    for (const place of places) roots.push(new RootDirectory(place, hidden, options));
    return await work(roots);
  } finally {
    for (const root of roots) root.close();
  }
}

export function isSameObject(a: Status | undefined, b: Status | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** lstat(2) of a path of ours; undefined when nothing is there. */
export function statusOf(path: string | Buffer): Status | undefined {
  return unless(["ENOTDIR"], () => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }));
}
