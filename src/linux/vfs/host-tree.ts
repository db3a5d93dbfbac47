import { type BigIntStats, closeSync, constants, fstatSync, openSync, realpathSync, statSync } from "node:fs";
import { type ByteString, below, byteStringOf, bytesOf, nameOf, textOf } from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { PathGlobs } from "../../base/path-globs.ts";
import { ZtlError } from "../../errors.ts";
import { openBeneath } from "../../vmm/index.ts";
import { unlimitedAllowance } from "../allowance.ts";
import { Errno } from "../errno.ts";
import { AbsentNames } from "./absent-names.ts";
import { DescriptorCache } from "./descriptor-cache.ts";
import { failFromHost, fromHost } from "./host-errors.ts";
import { HERE, HostDirectory, HostFile, type HostInode, HostSymlink, identityOf, sameState } from "./host-inode.ts";
import { FILE_TYPE_MASK, FileType } from "./inode.ts";
import type { ReadRecorder } from "./read-recorder.ts";

/** asm-generic/fcntl.h; Node does not name it. */
const O_PATH = 0o10000000;

/** Known files and entries of listings above which a tree is forgotten between runs; about 50 MB of host memory. */
const INODES_MAX = 50_000;

/**
 * What may be looked at in a run before the guest asks for it, which is nobody's memory until then: some 8,000 files, or
 * 64,000 entries of listings.
 */
const FORESEEN_BYTES_MAX = 8 << 20;

/** Guest device numbers for host devices: major 0 as for all file systems without a device, in the order of mounts, then of first sight. */
const FIRST_DEVICE_NUMBER = 0x20;

/** What all trees of a process share: descriptors and the numbers of devices. */
export class HostShared {
  /** What is not there for guests, whatever is mounted. */
  readonly hidden: HiddenPlaces | undefined;
  readonly descriptors = new DescriptorCache();
  readonly #devices = new Map<bigint, number>();

  constructor(hidden?: HiddenPlaces) {
    this.hidden = hidden;
  }

  deviceNumber(host: bigint): number {
    let number = this.#devices.get(host);
    if (number === undefined) {
      number = FIRST_DEVICE_NUMBER + this.#devices.size;
      this.#devices.set(host, number);
    }
    return number;
  }
}

/**
 * A read-only view of one host directory (or one host file), mounted at one place in the guest. Lives across runs; what it
 * remembers is checked against the host once per run and file. One run at a time.
 */
export class HostTree {
  readonly hostPath: string;
  readonly guestPath: ByteString;
  readonly descriptors: DescriptorCache;
  readonly absent = new AbsentNames();
  /** What is not there for guests, by its path below the root. What is mounted itself was asked for by name. */
  readonly exclude: PathGlobs;
  readonly #shared: HostShared;
  /** Number of the current run. */
  generation = 0;
  recorder: ReadRecorder | undefined;
  /** Path of the root below {@link #rootFd}: ".", or the name of the single file mounted. */
  #rootPath: ByteString = HERE;
  #rootFd = -1;
  #rootDevice = -1n;
  #root: HostInode | undefined;
  #inodes = new Map<string, HostInode>();
  /** Entries of the listings that are remembered. */
  #listedEntries = 0;
  #foreseenBytes = 0;
  #allowance = unlimitedAllowance();

  constructor(shared: HostShared, hostPath: string, guestPath: ByteString, exclude: readonly string[] = []) {
    this.#shared = shared;
    this.exclude = new PathGlobs(exclude);
    this.descriptors = shared.descriptors;
    this.hostPath = hostPath;
    this.guestPath = guestPath;
  }

  /** Starts a run: everything known is to be checked again, reads go to `recorder`. */
  begin(recorder: ReadRecorder | undefined, allowance = unlimitedAllowance()): void {
    this.generation++;
    this.recorder = recorder;
    this.#allowance = allowance;
    this.#foreseenBytes = 0;
    if (this.#inodes.size + this.#listedEntries > INODES_MAX) this.#forget();
    this.absent.begin();
  }

  /** @throws ZtlError `mount-missing` when the host has nothing (or nothing that can be shown) there. */
  root(): HostInode {
    const root = this.#findRootOnce();
    root.show();
    return root;
  }

  #findRootOnce(): HostInode {
    if (this.#root?.generation === this.generation) return this.#root;
    let state: BigIntStats;
    try {
      state = statSync(this.hostPath, { bigint: true });
    } catch (cause) {
      throw new ZtlError("mount-missing", `Nothing to mount at ${this.hostPath}.`, { host: this.hostPath }, { cause });
    }
    if (this.#rootFd < 0) this.#openRoot(state);
    if (this.#root?.identity === identityOf(state)) this.#root.refresh(this.#rootPath, state);
    else this.#root = this.#findRoot();
    return this.#root;
  }

  /** The guest's path of the file at `path`. */
  guestPathOf(path: ByteString): ByteString {
    return path === this.#rootPath ? this.guestPath : below(this.guestPath, path);
  }

  /** The host's path of the file at `path`, as text: bytes that are not UTF-8 are replaced. */
  hostPathOf(path: ByteString): string {
    if (path === this.#rootPath) return this.hostPath;
    return joinPath(this.hostPath, textOf(path));
  }

  /** Whether an entry of a listing is one that is hidden: most can be told without looking at it. */
  isHidden(directory: HostInode & { look(name: string): HostInode | undefined }, name: string, ino: number): boolean {
    if (this.exclude.covers(directory.path === HERE ? (name as ByteString) : below(directory.path, name as ByteString)))
      return true;
    return this.#shared.hidden?.mayBe(name, ino) === true && directory.look(name) === undefined;
  }

  /** Looking ahead numbers no device: other file systems below have numbers in the order in which runs come across them. */
  mayForeseeOn(device: bigint): boolean {
    return device === this.#rootDevice;
  }

  deviceNumber(host: bigint): number {
    return this.#shared.deviceNumber(host);
  }

  /** The file at a path without symbolic links, or undefined. */
  find(path: ByteString): HostInode | undefined {
    if (path !== this.#rootPath && this.exclude.covers(path)) return undefined;
    // Some ten calls of the host: what a hundred pages cost.
    this.#allowance.work(100);
    const descriptor = this.openBeneath(path, O_PATH | constants.O_NOFOLLOW);
    if (descriptor < 0) {
      return -descriptor === Errno.EACCES || -descriptor === Errno.ENAMETOOLONG ? failFromHost(descriptor) : undefined;
    }
    try {
      return this.#adopt(
        path,
        fromHost(() => fstatSync(descriptor, { bigint: true })),
      );
    } finally {
      closeSync(descriptor);
    }
  }

  openBeneath(path: ByteString, flags: number): number {
    if (this.#rootFd < 0) this.root();
    return openBeneath(this.#rootFd, bytesOf(path), flags);
  }

  /** Calls `use` with a descriptor of the directory, for reading its names when `readable`. */
  withDirectory<T>(path: ByteString, use: (descriptor: number) => T, readable = false): T {
    const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW | (readable ? constants.O_RDONLY : O_PATH);
    const descriptor = this.openBeneath(path, flags);
    if (descriptor < 0) return failFromHost(descriptor);
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Entries of a directory were read, and are kept. */
  noteListing(entries: number): void {
    this.#listedEntries += entries;
    this.#allowance.work(entries);
  }

  /**
   * Something was shown to the run, which it can hold until it ends. Charged when the run asks for it, whether it was looked at
   * before, by an earlier run or ahead of this one's question: what memory a run has left must not depend on that.
   */
  charge(bytes: number): void {
    this.#allowance.charge(bytes);
  }

  /** Something is looked at before the run asks for it. False when that was enough for one run. */
  mayForesee(bytes: number): boolean {
    if (this.#foreseenBytes + bytes > FORESEEN_BYTES_MAX) return false;
    this.#foreseenBytes += bytes;
    return true;
  }

  /** Of that the run has now asked for so much. */
  foreseenShown(bytes: number): void {
    this.#foreseenBytes -= bytes;
  }

  close(): void {
    this.#forget();
    if (this.#rootFd >= 0) closeSync(this.#rootFd);
    this.#rootFd = -1;
  }

  /** The one inode of that host file. One changed or replaced in the middle of a run becomes a new one. */
  #adopt(path: ByteString, state: BigIntStats): HostInode | undefined {
    if (this.#shared.hidden?.covers(state) === true) return undefined;
    const key = identityOf(state);
    const known = this.#inodes.get(key);
    if (known !== undefined && known.type === (Number(state.mode) & FILE_TYPE_MASK)) {
      if (known.generation !== this.generation) {
        known.refresh(path, state);
        return known;
      }
      if (sameState(known.host, state)) return known;
    }
    const made = makeInode(this, path, state);
    if (made !== undefined) this.#inodes.set(key, made);
    return made;
  }

  /** Once and for all: a cell that is confined opens nothing by its path any more. */
  #openRoot(state: BigIntStats): void {
    const real = byteStringOf(realpathSync.native(this.hostPath, { encoding: "buffer" }));
    if (this.#shared.hidden?.relationOf(textOf(real))?.kind === "inside") {
      throw new ZtlError("mount-missing", `${this.hostPath} is not shown to guests.`, { host: this.hostPath });
    }
    const isDirectory = state.isDirectory();
    this.#rootPath = isDirectory ? HERE : nameOf(real);
    this.#rootFd = openSync(
      isDirectory ? bytesOf(real) : bytesOf(real).subarray(0, real.lastIndexOf("/") + 1),
      O_PATH | constants.O_DIRECTORY,
    );
    // Numbered now, in the order of the mounts, and not in the order in which runs come across them.
    this.deviceNumber(state.dev);
    this.#rootDevice = state.dev;
  }

  #findRoot(): HostInode {
    const root = this.find(this.#rootPath);
    if (root !== undefined) return root;
    throw new ZtlError("mount-missing", `Only files and directories can be mounted: ${this.hostPath}.`, {
      host: this.hostPath,
    });
  }

  /** Gives up all that is remembered, but not the place where it was found. */
  #forget(): void {
    for (const inode of this.#inodes.values()) this.descriptors.drop(inode);
    this.#inodes = new Map();
    this.#listedEntries = 0;
    this.absent.clear();
    this.#root = undefined;
  }
}

function joinPath(root: string, path: string): string {
  return root.endsWith("/") ? root + path : `${root}/${path}`;
}

function makeInode(tree: HostTree, path: ByteString, state: BigIntStats): HostInode | undefined {
  switch (Number(state.mode) & FILE_TYPE_MASK) {
    case FileType.regular:
      return new HostFile(tree, path, state);
    case FileType.directory:
      return new HostDirectory(tree, path, state);
    case FileType.symlink:
      return new HostSymlink(tree, path, state);
    default:
      return undefined;
  }
}
