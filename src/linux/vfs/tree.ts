import { type ByteString, below, EMPTY } from "../../base/byte-string.ts";
import { fail } from "../errno.ts";
import { ByteBudget } from "./budget.ts";
import { type Change, collectChanges } from "./changes.ts";
import { Access, type Credentials, mayAccess } from "./credentials.ts";
import { EmptyDirectory } from "./fixed.ts";
import { type DirectoryEntry, FileType, type Inode, type NewFile, type Stat } from "./inode.ts";
import { LayerSource, type RunLayer } from "./layer/layer-source.ts";
import { Location } from "./location.ts";
import { MemoryFile } from "./memory-file.ts";
import { type Attachment, type Mount, type MountPlan, type RealiseOptions, realise } from "./mounts.ts";
import type { FileObserver } from "./observer.ts";
import { RamFs } from "./ram-fs.ts";
import { type FileRead, ReadRecorder } from "./read-recorder.ts";
import { findVanishing, type Vanishing } from "./vanishing.ts";
import { type Tree, Walk } from "./walk.ts";

export interface VfsOptions {
  readonly plan: MountPlan;
  /** What the run may write; 256 MiB when absent. */
  readonly budget?: ByteBudget;
  /** The guest's clock in nanoseconds since the epoch; the host's when absent. */
  readonly now?: () => bigint;
  /** Who the guest's programs run as; user 0 when absent. */
  readonly uid?: number;
  /** Lists directories by name: a host's own order may be another tomorrow. */
  readonly sortsNames?: boolean;
  /** What stands in the place of `file` mounts in this run, by guest path. */
  readonly files?: Readonly<Record<string, Inode>>;
  /** Roots of `synthetic` mounts that belong to this run, by guest path; made when first walked into. */
  readonly roots?: Readonly<Record<string, () => Inode>>;
  /** What earlier runs changed: lies between the host's files and what this run sees and changes. */
  readonly layer?: RunLayer | undefined;
}

/** Device number of the file system of files in memory: the first without a device, as Linux makes it at its start. */
const MEMORY_DEV = 1;

/** As {@link DEFAULT_LIMITS.overlayBytes}. */
const DEFAULT_BUDGET_BYTES = 256 * 1024 * 1024;

const clockOffsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

function hostClock(): bigint {
  return clockOffsetNs + process.hrtime.bigint();
}

/** The guest's file tree: mounts, and the names under them. */
export class FileTree implements Tree {
  readonly plan: MountPlan;
  readonly budget: ByteBudget;
  readonly now: () => bigint;
  readonly root: Location;
  /** Mounts in use so far. */
  readonly mounts: Mount[] = [];
  /** Whoever is to be told what happens to files. */
  observer: FileObserver | undefined;
  readonly #recorder: ReadRecorder;
  readonly #realiseOptions: RealiseOptions;
  readonly #sortsNames: boolean;
  #memory: RamFs | undefined;

  constructor(options: VfsOptions) {
    this.plan = options.plan;
    this.budget = options.budget ?? new ByteBudget(DEFAULT_BUDGET_BYTES);
    this.now = options.now ?? hostClock;
    const { roots = {}, uid = 0, sortsNames = false, files } = options;
    const layer = options.layer && new LayerSource(options.layer, this.budget.allowance);
    this.#sortsNames = sortsNames;
    this.#realiseOptions = { budget: this.budget, now: this.now, keepsSetId: uid === 0, roots, layer, files };
    this.#recorder = new ReadRecorder(this.plan.hashes);
    this.plan.begin(this.#recorder, this.budget.allowance);
    this.hashUntil(Number.POSITIVE_INFINITY);
    this.root = this.#attach(this.plan.root, undefined, ROOT_PATH);
  }

  walk(credentials: Credentials): Walk {
    return new Walk(this, credentials);
  }

  child(directory: Location, name: string): Location | undefined {
    const known = directory.children?.get(name);
    if (known !== undefined) return known;
    const attachment = directory.attachments?.get(name);
    if (attachment !== undefined) {
      const parent = directory === this.root ? ROOT_PATH : (directory.pathname() as ByteString);
      return this.remember(this.#attach(attachment, directory, below(parent, name as ByteString)));
    }
    const inode = directory.inode.lookup(name);
    if (inode === undefined) return undefined;
    const found = new Location(directory.mount, inode, directory, name);
    return directory.mount.keepsNames ? this.remember(found) : found;
  }

  /** See Inode.foresee; what is mounted is not told. */
  foresee(directory: Location, name: string): Stat | undefined {
    const known = directory.children?.get(name)?.inode;
    if (known !== undefined) return known.isStill && known.type !== FileType.symlink ? known.stat() : undefined;
    return directory.attachments?.has(name) ? undefined : directory.inode.foresee(name);
  }

  /** See Inode.foreseeEntries: the names, in the order of {@link list}. */
  foreseeNames(directory: Location, namesMax: number): string[] | undefined {
    const entries = directory.inode.foreseeEntries(namesMax);
    if (entries === undefined) return undefined;
    const sorted = this.#sortsNames ? [...entries].sort(byName) : entries;
    return sorted.map(({ name }) => name);
  }

  /** The directory's entries without "." and "..", mounts included. */
  list(directory: Location): readonly DirectoryEntry[] {
    const entries = this.#entries(directory);
    return this.#sortsNames ? [...entries].sort(byName) : entries;
  }

  #entries(directory: Location): readonly DirectoryEntry[] {
    const entries = directory.inode.list();
    if (directory.attachments === undefined) return entries;
    const mounted: DirectoryEntry[] = [];
    for (const name of directory.attachments.keys()) {
      const inode = this.child(directory, name)?.inode;
      if (inode !== undefined) mounted.push({ name, ino: inode.stat().ino, type: inode.type });
    }
    return [...entries.filter((entry) => !directory.attachments?.has(entry.name)), ...mounted];
  }

  /** From now on host files are hashed until then at the longest, on the clock of `performance.now`. */
  hashUntil(endMs: number): void {
    this.plan.hashes.endMs = endMs;
  }

  /** The host's paths of the files whose content the guest read. */
  hostPathsRead(): string[] {
    return this.#recorder.hostPaths();
  }

  /** The files whose content the guest read, sorted by guest path. */
  collectReads(): FileRead[] {
    return this.#recorder.collect();
  }

  /** What the run did to its overlays, sorted by path; see {@link Change}. */
  collectChanges(work?: () => void): Change[] {
    const overlays = this.mounts.filter((mount) => mount.kind === "overlay");
    if (overlays.length === 0) return [];
    const options = { hashes: this.plan.hashes, work, limitBytes: this.budget.limitBytes };
    const changes = this.plan.withoutRecording(() =>
      overlays.flatMap(({ fs, guestPath }) => (fs ? collectChanges(fs.root, guestPath, options) : [])),
    );
    return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  /** What the run leaves where nothing is kept. */
  findVanishing(): Vanishing {
    return findVanishing(this.mounts);
  }

  /** A location for an object without a name, shown as `text` in /proc/self/fd: "pipe:[7]". */
  anonymous(inode: Inode, text: string): Location {
    return new Location(ANONYMOUS_MOUNT, inode, undefined, text);
  }

  /** A file in memory that is in no directory, whatever is mounted (memfd_create(2)). */
  memoryFile(name: string, file: NewFile, seals: number): Location {
    this.#memory ??= new RamFs({ ...this.#realiseOptions, dev: MEMORY_DEV }, { mode: 0 });
    const location = this.anonymous(new MemoryFile(this.#memory, file, seals), `/memfd:${name} (deleted)`);
    location.isDeleted = true;
    return location;
  }

  /** Enters a location into its directory's names. */
  protected remember(location: Location): Location {
    const { parent } = location;
    if (parent !== undefined) {
      parent.children ??= new Map();
      parent.children.set(location.name, location);
    }
    return location;
  }

  /** The name is gone; what holds the location goes on holding the file. */
  protected forget(location: Location): void {
    location.isDeleted = true;
    location.parent?.children?.delete(location.name);
  }

  #attach(attachment: Attachment, parent: Location | undefined, path: ByteString): Location {
    const location = this.#attachedLocation(attachment, parent, path);
    if (attachment.children.size > 0) location.attachments = attachment.children;
    return location;
  }

  #attachedLocation(attachment: Attachment, parent: Location | undefined, path: ByteString): Location {
    if (attachment.spec === undefined && parent !== undefined) {
      const below = parent.inode.lookup(attachment.name);
      if (below?.type === FileType.directory) return new Location(parent.mount, below, parent, attachment.name);
      return new Location(PASSAGE_MOUNT, new EmptyDirectory(), parent, attachment.name);
    }
    const [mount, inode] = realise(attachment, path, this.#realiseOptions);
    this.mounts.push(mount);
    return new Location(mount, inode, parent, attachment.name);
  }
}

function byName(a: DirectoryEntry, b: DirectoryEntry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

const ROOT_PATH = "/" as ByteString;
const ANONYMOUS_MOUNT: Mount = { kind: "anonymous", guestPath: EMPTY, readOnly: false, keepsNames: false };
/** Directories that lead to a mount and exist nowhere else. */
const PASSAGE_MOUNT: Mount = { kind: "root", guestPath: ROOT_PATH, readOnly: true, keepsNames: true };

/** EROFS for a location on a read-only mount. */
export function checkWritableMount(location: Location): void {
  if (location.mount.readOnly) fail("EROFS");
}

/** EACCES unless names may be made and removed in this directory. */
export function checkNamesChangeable(directory: Location, credentials: Credentials): void {
  if (directory.inode.type !== FileType.directory) fail("ENOTDIR");
  if (!mayAccess(directory.inode.stat(), credentials, Access.write | Access.execute)) fail("EACCES");
}

/** EACCES for a name that the mount leaves out: the host may have something there, which this must not come to replace. */
export function checkNotExcluded(directory: Location, name: string): void {
  const { exclude } = directory.mount;
  if (exclude === undefined) return;
  let path = name as ByteString;
  for (let at = directory; !at.isMountRoot; at = at.parent as Location) path = below(at.name as ByteString, path);
  if (exclude.covers(path)) fail("EACCES");
}
