import { defined } from "../../base/optional.ts";
import { fail } from "../errno.ts";
import { Access, type Credentials, inGroup, mayAccess, ROOT } from "./credentials.ts";
import { FileType, type Inode, type Stat } from "./inode.ts";
import { Location } from "./location.ts";
import { NameOperations, newFileIn, S_ISGID } from "./names.ts";
import { FileEvent } from "./observer.ts";
import { RamDirectory } from "./ram-directory.ts";
import { PERMISSION_MASK, withoutSetId } from "./ram-inode.ts";
import { checkNamesChangeable, checkWritableMount } from "./tree.ts";
import type { Last, Walk } from "./walk.ts";

/** open(2) flags (asm-generic/fcntl.h). */
export const OpenFlag = {
  accessMode: 0o3,
  readOnly: 0o0,
  writeOnly: 0o1,
  readWrite: 0o2,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  directory: 0o200000,
  noFollow: 0o400000,
  path: 0o10000000,
  /** O_TMPFILE without the O_DIRECTORY bit it includes. */
  tmpfile: 0o20000000,
} as const;

export interface ResolveOptions {
  /** Whether a symbolic link at the end is followed. */
  readonly followLast: boolean;
  /** Fail with ENOTDIR unless it is a directory. */
  readonly directory?: boolean;
  readonly credentials: Credentials;
}

export interface Opened {
  readonly location: Location;
  /** True when the file did not exist before. */
  readonly created: boolean;
}

/**
 * The virtual file system of one run: what path system calls do, on locations. All take the directory a relative path
 * starts from, and the credentials to check. Failures are thrown as LinuxError. Access times are never updated.
 */
export class Vfs extends NameOperations {
  resolve(base: Location, path: string, options: ResolveOptions): Location {
    const walk = this.walk(options.credentials);
    const found = walk.finish(walk.toLast(base, path), options.followLast) ?? fail("ENOENT");
    if (options.directory === true && found.inode.type !== FileType.directory) fail("ENOTDIR");
    return found;
  }

  /**
   * {@link resolve} for attributes alone: tells as well whether the path names the file itself, by no link to it,
   * and will until somebody changes names.
   */
  look(
    base: Location,
    path: string,
    options: ResolveOptions,
  ): { readonly location: Location; readonly isNamed: boolean } {
    const walk = this.walk(options.credentials);
    const last = walk.toLast(base, path);
    const location = walk.finish(last, options.followLast) ?? fail("ENOENT");
    const isOwn = location.parent === last.parent && location.name === last.name;
    return { location, isNamed: isOwn && last.kind === "name" && !last.trailingSlash && !walk.isFleeting };
  }

  /** An absolute path resolved with all rights, for the personality's own needs. */
  resolveFromRoot(path: string): Location {
    return this.resolve(this.root, path, { followLast: true, credentials: ROOT });
  }

  /**
   * open(2): `mode` has the umask applied and counts for new files only. The caller retains the location's inode for as
   * long as the description is open. Opening an O_PATH location asks for no permission on the file.
   */
  open(base: Location, path: string, flags: number, mode: number, credentials: Credentials): Opened {
    if ((flags & OpenFlag.path) !== 0) return this.#openPath(base, path, flags, credentials);
    if ((flags & OpenFlag.tmpfile) !== 0) return this.#openUnnamed(base, path, flags, mode, credentials);
    if ((flags & OpenFlag.create) !== 0) return this.#openOrCreate(base, path, flags, mode, credentials);
    const walk = this.walk(credentials);
    const found = walk.finish(walk.toLast(base, path), (flags & OpenFlag.noFollow) === 0) ?? fail("ENOENT");
    return { location: this.#openExisting(found, flags, credentials), created: false };
  }

  /** Opens what a location already names: the last part of open(2), for /proc/self/fd and execve. */
  openLocation(location: Location, flags: number, credentials: Credentials): Location {
    return this.#openExisting(location, flags, credentials);
  }

  /** The rights `wanted` (bits of {@link Access}); EACCES, or EROFS for writing to a read-only mount. */
  access(location: Location, wanted: number, credentials: Credentials): void {
    const { type } = location.inode;
    const isData = type === FileType.regular || type === FileType.directory || type === FileType.symlink;
    if ((wanted & Access.write) !== 0 && isData) checkWritableMount(location);
    if (!mayAccess(location.inode.stat(), credentials, wanted)) fail("EACCES");
  }

  /** readlink(2) of a location found without following. */
  readlink(location: Location): string {
    return location.inode.type === FileType.symlink ? location.inode.readlink() : fail("EINVAL");
  }

  chmod(location: Location, mode: number, credentials: Credentials): void {
    checkWritableMount(location);
    const stat = location.inode.stat();
    if (location.inode.type === FileType.symlink) fail("EOPNOTSUPP");
    checkOwner(stat, credentials);
    const isForeignGroup = credentials.uid !== 0 && !inGroup(credentials, stat.gid);
    const bits = mode & 0o7777;
    location.inode.setAttributes({ mode: isForeignGroup ? bits & ~S_ISGID : bits });
    this.observer?.happened(FileEvent.attributes, location);
  }

  /** chown(2); undefined leaves an id as it is. Changing the owner takes the set-id bits from a file. */
  chown(location: Location, uid: number | undefined, gid: number | undefined, credentials: Credentials): void {
    checkWritableMount(location);
    const stat = location.inode.stat();
    if (credentials.uid !== 0) {
      if (uid !== undefined && (uid !== stat.uid || credentials.uid !== stat.uid)) fail("EPERM");
      if (gid !== undefined && (credentials.uid !== stat.uid || !(gid === stat.gid || inGroup(credentials, gid)))) {
        fail("EPERM");
      }
    }
    location.inode.setAttributes({
      ...defined({ uid, gid }),
      ...clearedSetId(location.inode, stat.mode),
    });
    this.observer?.happened(FileEvent.attributes, location);
  }

  /** utimensat(2); undefined leaves a time as it is. `isNow`: both are the present, for which write permission is enough. */
  utimens(
    location: Location,
    times: { readonly atimeNs: bigint | undefined; readonly mtimeNs: bigint | undefined; readonly isNow: boolean },
    credentials: Credentials,
  ): void {
    checkWritableMount(location);
    const stat = location.inode.stat();
    if (credentials.uid !== 0 && credentials.uid !== stat.uid) {
      if (!times.isNow) fail("EPERM");
      if (!mayAccess(stat, credentials, Access.write)) fail("EACCES");
    }
    const { atimeNs, mtimeNs } = times;
    location.inode.setAttributes(defined({ atimeNs, mtimeNs }));
    // One time alone looks like what usually changes it (include/linux/fsnotify.h, fsnotify_change).
    const alone = atimeNs === undefined ? FileEvent.modify : mtimeNs === undefined ? FileEvent.access : undefined;
    this.observer?.happened(alone ?? FileEvent.attributes, location);
  }

  /** truncate(2) of a location; for a descriptor open for writing go to the inode. */
  truncate(location: Location, sizeBytes: number, credentials: Credentials): void {
    if (location.inode.type === FileType.directory) fail("EISDIR");
    if (location.inode.type !== FileType.regular) fail("EINVAL");
    checkWritableMount(location);
    this.access(location, Access.write, credentials);
    location.inode.truncate(sizeBytes);
    this.observer?.happened(FileEvent.modify, location);
  }

  pathname(location: Location): string {
    return location.pathname();
  }

  #openPath(base: Location, path: string, flags: number, credentials: Credentials): Opened {
    const followLast = (flags & OpenFlag.noFollow) === 0;
    const directory = (flags & OpenFlag.directory) !== 0;
    return { location: this.resolve(base, path, { followLast, directory, credentials }), created: false };
  }

  #openUnnamed(base: Location, path: string, flags: number, mode: number, credentials: Credentials): Opened {
    const writes = (flags & OpenFlag.accessMode) !== OpenFlag.readOnly;
    if ((flags & OpenFlag.directory) === 0 || !writes || (flags & OpenFlag.create) !== 0) fail("EINVAL");
    const parent = this.resolve(base, path, { followLast: true, directory: true, credentials });
    checkWritableMount(parent);
    checkNamesChangeable(parent, credentials);
    if (!(parent.inode instanceof RamDirectory)) return fail("EOPNOTSUPP");
    const inode = parent.inode.createUnnamed(newFileIn(parent, mode & 0o7777, credentials, false));
    const location = new Location(parent.mount, inode, parent, `#${inode.ino}`);
    location.isDeleted = true;
    return { location, created: true };
  }

  #openOrCreate(base: Location, path: string, flags: number, mode: number, credentials: Credentials): Opened {
    if ((flags & OpenFlag.directory) !== 0) fail("EINVAL");
    const isExclusive = (flags & OpenFlag.exclusive) !== 0;
    const walk = this.walk(credentials);
    let last = walk.toLast(base, path);
    checkCreatable(last, isExclusive);
    const followLast = !isExclusive && (flags & OpenFlag.noFollow) === 0;
    const found = walk.finish(last, followLast, (next) => {
      checkCreatable(next, isExclusive);
      last = next;
    });
    if (found === undefined) return this.#create(walk, last, mode, credentials);
    if (isExclusive) fail("EEXIST");
    if (found.inode.type === FileType.directory) fail("EISDIR");
    return { location: this.#openExisting(found, flags, credentials), created: false };
  }

  #create(walk: Walk, last: Last, mode: number, credentials: Credentials): Opened {
    walk.checkSearch(last.parent);
    checkWritableMount(last.parent);
    checkNamesChangeable(last.parent, credentials);
    return { location: this.makeNode(last, FileType.regular, 0, mode, credentials), created: true };
  }

  #openExisting(location: Location, flags: number, credentials: Credentials): Location {
    const { inode } = location;
    const isDirectory = inode.type === FileType.directory;
    if ((flags & OpenFlag.directory) !== 0 && !isDirectory) fail("ENOTDIR");
    if (inode.type === FileType.symlink) fail("ELOOP");
    const wanted = wantedAccess(flags);
    if (isDirectory && (wanted & Access.write) !== 0) fail("EISDIR");
    this.access(location, wanted, credentials);
    if ((wanted & Access.write) !== 0 && inode.readOnly) fail("EROFS");
    const opened = inode.open();
    if ((flags & OpenFlag.truncate) !== 0 && inode.type === FileType.regular) opened.truncate(0);
    if (opened === inode) return location;
    return new Location(location.mount, opened, location.parent, location.name);
  }
}

/** A name that can only be a directory cannot be created by open(2). */
function checkCreatable(last: Last, isExclusive: boolean): void {
  if (last.kind !== "name") fail(isExclusive ? "EEXIST" : "EISDIR");
  if (last.trailingSlash) fail("EISDIR");
}

/** Access mode 3 asks for both rights and gives none (open(2), "BUGS"); truncating is writing. */
function wantedAccess(flags: number): number {
  const mode = flags & OpenFlag.accessMode;
  let wanted = mode === OpenFlag.writeOnly ? Access.write : Access.read;
  if (mode >= OpenFlag.readWrite) wanted |= Access.write;
  return (flags & OpenFlag.truncate) !== 0 ? wanted | Access.write : wanted;
}

function checkOwner(stat: Stat, credentials: Credentials): void {
  if (credentials.uid !== 0 && credentials.uid !== stat.uid) fail("EPERM");
}

function clearedSetId(inode: Inode, mode: number): { mode?: number } {
  const permissions = mode & PERMISSION_MASK;
  if (inode.type === FileType.directory || withoutSetId(permissions) === permissions) return {};
  return { mode: withoutSetId(permissions) };
}
