import type { Inode } from "./inode.ts";
import type { Attachment, Mount } from "./mounts.ts";

/**
 * Where a file was found: Linux calls it a dentry. One object per name for as long as the run lasts, so a rename moves what
 * lies below it, and `..`, getcwd and /proc/self/fd tell the present path.
 */
export class Location {
  readonly mount: Mount;
  readonly inode: Inode;
  /** Absent for the root of the tree and for files without a name (pipes, sockets). */
  parent: Location | undefined;
  name: string;
  /** True once the name is gone. */
  isDeleted = false;
  /** Names below that were walked already. */
  children: Map<string, Location> | undefined;
  /** Mounts on names below. */
  attachments: ReadonlyMap<string, Attachment> | undefined;

  constructor(mount: Mount, inode: Inode, parent: Location | undefined, name: string) {
    this.mount = mount;
    this.inode = inode;
    this.parent = parent;
    this.name = name;
  }

  get isMountRoot(): boolean {
    return this.parent === undefined || this.parent.mount !== this.mount;
  }

  /** The absolute path; " (deleted)" is appended as /proc does (proc(5)) when the name is gone. */
  pathname(): string {
    if (this.parent === undefined) return this.mount.guestPath === "" ? this.name : "/";
    let path = "";
    let isDeleted = false;
    for (let at: Location = this; at.parent !== undefined; at = at.parent) {
      path = `/${at.name}${path}`;
      isDeleted ||= at.isDeleted;
    }
    return isDeleted ? `${path} (deleted)` : path;
  }

  /** True when this name or one above it is gone: getcwd(2) then fails with ENOENT. */
  get isUnreachable(): boolean {
    for (let at: Location | undefined = this; at !== undefined; at = at.parent) {
      if (at.isDeleted) return true;
    }
    return false;
  }

  /** True when `other` is this location or lies below it. */
  contains(other: Location): boolean {
    for (let at: Location | undefined = other; at !== undefined; at = at.parent) {
      if (at === this) return true;
    }
    return false;
  }
}
