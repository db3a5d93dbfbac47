import type { Allowance } from "../allowance.ts";
import { fail } from "../errno.ts";
import { FileEvent, type FileObserver, FileType, type Inode, type Location, type Vfs } from "../vfs/index.ts";
import type { InotifyFile } from "./inotify-file.ts";

/** fs.inotify.max_user_watches is 8,192 on small machines (inotify(7)); a guest is one user. */
const WATCHES_MAX = 8192;
/** fs.inotify.max_user_instances. */
const INSTANCES_MAX = 128;
/** What a watch counts as memory. */
const WATCH_BYTES = 256;

/** What inotify_add_watch(2) takes beside events, and what comes with them (linux/inotify.h). */
export const Watching = {
  ignored: 0x8000,
  onlyDirectory: 0x0100_0000,
  dontFollow: 0x0200_0000,
  excludeUnlinked: 0x0400_0000,
  maskCreate: 0x1000_0000,
  maskAdd: 0x2000_0000,
  isDirectory: 0x4000_0000,
  oneShot: 0x8000_0000,
} as const;

interface Watch {
  readonly instance: InotifyFile;
  readonly number: number;
  readonly inode: Inode;
  mask: number;
}

/** All watches of a run. It hears of the file tree only while there are any. */
export class WatchTable implements FileObserver {
  readonly #vfs: () => Vfs;
  readonly #allowance: Allowance;
  readonly #byInode = new Map<Inode, Set<Watch>>();
  readonly #byInstance = new Map<InotifyFile, Map<number, Watch>>();
  /** The numbers that instances gave out last: numbers are not used again. */
  readonly #lastNumbers = new WeakMap<InotifyFile, number>();
  #count = 0;
  #cookie = 0;

  constructor(vfs: () => Vfs, allowance: Allowance) {
    this.#vfs = vfs;
    this.#allowance = allowance;
  }

  /** A new instance: EMFILE when there are too many. */
  register(instance: InotifyFile): InotifyFile {
    if (this.#byInstance.size >= INSTANCES_MAX) fail("EMFILE");
    this.#byInstance.set(instance, new Map());
    return instance;
  }

  /** Watches a file, or changes what is watched of it; returns the watch's number: EEXIST, ENOSPC. */
  add(instance: InotifyFile, inode: Inode, mask: number): number {
    const watches = this.#byInstance.get(instance) ?? fail("EINVAL");
    const known = [...(this.#byInode.get(inode) ?? [])].find((watch) => watch.instance === instance);
    if (known !== undefined) {
      if ((mask & Watching.maskCreate) !== 0) fail("EEXIST");
      known.mask = (mask & Watching.maskAdd) === 0 ? mask : known.mask | mask;
      return known.number;
    }
    if (this.#count >= WATCHES_MAX) fail("ENOSPC");
    this.#allowance.charge(WATCH_BYTES);
    const number = (this.#lastNumbers.get(instance) ?? 0) + 1;
    this.#lastNumbers.set(instance, number);
    const watch: Watch = { instance, number, inode, mask };
    watches.set(number, watch);
    this.#byInode.set(inode, (this.#byInode.get(inode) ?? new Set()).add(watch));
    this.#count++;
    this.#vfs().observer = this;
    return number;
  }

  /** EINVAL for a number that is none. */
  remove(instance: InotifyFile, number: number): void {
    this.#end(this.#byInstance.get(instance)?.get(number) ?? fail("EINVAL"));
  }

  /** The instance is closed. */
  drop(instance: InotifyFile): void {
    for (const watch of this.#byInstance.get(instance)?.values() ?? []) this.#forget(watch);
    this.#byInstance.delete(instance);
  }

  #end(watch: Watch): void {
    this.#forget(watch);
    watch.instance.add(watch.number, Watching.ignored);
  }

  #forget(watch: Watch): void {
    const watches = this.#byInode.get(watch.inode);
    if (watches?.delete(watch) !== true) return;
    if (watches.size === 0) this.#byInode.delete(watch.inode);
    this.#byInstance.get(watch.instance)?.delete(watch.number);
    this.#allowance.refund(WATCH_BYTES);
    this.#count--;
    if (this.#count === 0) this.#vfs().observer = undefined;
  }

  // --- what happens ---

  newCookie(): number {
    this.#cookie = (this.#cookie + 1) >>> 0;
    return this.#cookie;
  }

  happened(event: number, { inode, parent, name, isDeleted }: Location): void {
    const flag = inode.type === FileType.directory ? Watching.isDirectory : 0;
    if (parent !== undefined) this.#tell(parent.inode, event | flag, { name, isDeleted });
    this.#tell(inode, event | flag);
  }

  named(event: number, directory: Inode, name: string, inode: Inode, cookie = 0): void {
    const flag = inode.type === FileType.directory ? Watching.isDirectory : 0;
    this.#tell(directory, event | flag, { name, cookie });
  }

  became(event: number, inode: Inode): void {
    this.#tell(inode, event);
  }

  mayBeGone(inode: Inode): void {
    if (!this.#byInode.has(inode) || inode.isHeld || inode.stat().nlink > 0) return;
    this.#tell(inode, FileEvent.deleteSelf);
    for (const watch of [...(this.#byInode.get(inode) ?? [])]) this.#end(watch);
  }

  #tell(
    inode: Inode,
    mask: number,
    { name = "", cookie = 0, isDeleted = false }: { name?: string; cookie?: number; isDeleted?: boolean } = {},
  ): void {
    for (const watch of [...(this.#byInode.get(inode) ?? [])]) {
      if ((watch.mask & mask & ~Watching.isDirectory) === 0) continue;
      if (isDeleted && (watch.mask & Watching.excludeUnlinked) !== 0) continue;
      watch.instance.add(watch.number, mask, cookie, name);
      if ((watch.mask & Watching.oneShot) !== 0) this.#end(watch);
    }
  }
}
