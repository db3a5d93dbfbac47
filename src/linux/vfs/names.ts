import { fail } from "../errno.ts";
import { Access, type Credentials, mayAccess } from "./credentials.ts";
import { FILE_TYPE_MASK, FileType, type Inode, type NewFile, type Stat } from "./inode.ts";
import { Location } from "./location.ts";
import { FileEvent } from "./observer.ts";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "./ram-directory.ts";
import { checkNamesChangeable, checkNotExcluded, checkWritableMount, FileTree } from "./tree.ts";
import type { Last } from "./walk.ts";

/** Mode bits (inode(7)). */
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;

/** Where a new name may be put. */
interface Place {
  readonly parent: Location;
  readonly name: string;
}

/** What makes, removes and moves names. The order of checks is Linux's (fs/namei.c), since programs see which error wins. */
export class NameOperations extends FileTree {
  /** mkdir(2); `mode` has the umask applied. */
  mkdir(base: Location, path: string, mode: number, credentials: Credentials): Location {
    const { parent, name } = this.#placeFor(base, path, credentials, true);
    const file = newFileIn(parent, mode & 0o1777, credentials, true);
    return this.#made(parent, name, parent.inode.createDirectory(name, file));
  }

  /** mknod(2): `type` is one of {@link FileType}; device nodes need user 0. */
  mknod(base: Location, path: string, type: number, mode: number, rdev: number, credentials: Credentials): Location {
    const { parent, name } = this.#placeFor(base, path, credentials, false);
    const isDevice = type === FileType.characterDevice || type === FileType.blockDevice;
    if (isDevice && credentials.uid !== 0) fail("EPERM");
    return this.makeNode({ parent, name }, type, rdev, mode, credentials);
  }

  /** symlink(2). */
  symlink(target: string, base: Location, path: string, credentials: Credentials): Location {
    if (target === "") fail("ENOENT");
    const { parent, name } = this.#placeFor(base, path, credentials, false);
    const file = newFileIn(parent, 0o777, credentials, false);
    return this.#made(parent, name, parent.inode.createSymlink(name, target, file));
  }

  /** link(2) of a file already found. */
  link(source: Location, base: Location, path: string, credentials: Credentials): Location {
    const last = this.#newName(base, path, credentials, false);
    if (last.parent.mount !== source.mount) fail("EXDEV");
    if (!isSafelyLinked(source.inode.stat(), credentials)) fail("EPERM");
    checkNamesChangeable(last.parent, credentials);
    if (source.inode.type === FileType.directory) fail("EPERM");
    if (source.inode.stat().nlink === 0 && !isUnnamed(source)) fail("ENOENT");
    last.parent.inode.createLink(last.name, source.inode);
    this.observer?.became(FileEvent.attributes, source.inode);
    return this.#made(last.parent, last.name, source.inode);
  }

  /** unlink(2). */
  unlink(base: Location, path: string, credentials: Credentials): void {
    const walk = this.walk(credentials);
    const last = walk.toLast(base, path);
    if (last.kind !== "name") fail("EISDIR");
    checkWritableMount(last.parent);
    const victim = this.#existing(last, credentials);
    if (last.trailingSlash) fail(victim.inode.type === FileType.directory ? "EISDIR" : "ENOTDIR");
    this.#checkRemovable(last.parent, victim, credentials);
    if (victim.inode.type === FileType.directory) fail("EISDIR");
    if (victim.isMountRoot) fail("EBUSY");
    last.parent.inode.unlink(last.name);
    this.forget(victim);
    this.observer?.became(FileEvent.attributes, victim.inode);
    this.observer?.named(FileEvent.delete, last.parent.inode, last.name, victim.inode);
    this.observer?.mayBeGone(victim.inode);
  }

  /** rmdir(2). */
  rmdir(base: Location, path: string, credentials: Credentials): void {
    const last = this.walk(credentials).toLast(base, path);
    if (last.kind === "dot") fail("EINVAL");
    if (last.kind === "dotdot") fail("ENOTEMPTY");
    if (last.kind === "root") fail("EBUSY");
    checkWritableMount(last.parent);
    const victim = this.#existing(last, credentials);
    this.#checkRemovable(last.parent, victim, credentials);
    if (victim.inode.type !== FileType.directory) fail("ENOTDIR");
    if (victim.isMountRoot) fail("EBUSY");
    if (victim.attachments !== undefined) fail("ENOTEMPTY");
    last.parent.inode.removeDirectory(last.name);
    this.forget(victim);
    this.observer?.mayBeGone(victim.inode);
    this.observer?.named(FileEvent.delete, last.parent.inode, last.name, victim.inode);
  }

  /** renameat2(2). RENAME_WHITEOUT is refused as by file systems that lack it. */
  rename(
    oldBase: Location,
    oldPath: string,
    newBase: Location,
    newPath: string,
    flags: number,
    credentials: Credentials,
  ): void {
    const isExchange = (flags & RENAME_EXCHANGE) !== 0;
    const isNoReplace = (flags & RENAME_NOREPLACE) !== 0;
    if ((flags & ~(RENAME_EXCHANGE | RENAME_NOREPLACE)) !== 0 || (isExchange && isNoReplace)) fail("EINVAL");
    const from = this.walk(credentials).toLast(oldBase, oldPath);
    const to = this.walk(credentials).toLast(newBase, newPath);
    if (from.parent.mount !== to.parent.mount) fail("EXDEV");
    if (from.kind !== "name") fail("EBUSY");
    if (to.kind !== "name") fail(isNoReplace ? "EEXIST" : "EBUSY");
    checkWritableMount(from.parent);
    const source = this.#existing(from, credentials);
    const target = this.walk(credentials).entry(to.parent, to.name);
    if (isNoReplace && target !== undefined) fail("EEXIST");
    if (isExchange && target === undefined) fail("ENOENT");
    checkSlashes(from, to, source, target, isExchange);
    if (source.contains(to.parent)) fail("EINVAL");
    if (target?.contains(from.parent)) fail(isExchange ? "EINVAL" : "ENOTEMPTY");
    if (source.inode === target?.inode) return;
    this.#checkRename(from, to, source, target, isExchange, credentials);
    checkNotExcluded(to.parent, to.name);
    from.parent.inode.rename(from.name, to.parent.inode, to.name, flags);
    this.#moved(from, to, source, target, isExchange);
    this.#tellMoved(from, to, source, isExchange ? undefined : target);
    if (isExchange && target !== undefined) this.#tellMoved(to, from, target, undefined);
  }

  /** A regular file, named pipe, socket or device node at a free name. */
  protected makeNode(place: Place, type: number, rdev: number, mode: number, credentials: Credentials): Location {
    const { parent, name } = place;
    checkNotExcluded(parent, name);
    const file = newFileIn(parent, mode & 0o7777, credentials, false);
    const inode =
      type === FileType.regular
        ? parent.inode.createFile(name, file)
        : parent.inode.createSpecial(name, type, rdev, file);
    return this.#made(parent, name, inode);
  }

  #made(parent: Location, name: string, inode: Inode): Location {
    this.observer?.named(FileEvent.create, parent.inode, name, inode);
    return this.remember(new Location(parent.mount, inode, parent, name));
  }

  /** A name that may be made: it is free, and the caller may write to its directory. */
  #placeFor(base: Location, path: string, credentials: Credentials, isDirectory: boolean): Place {
    const last = this.#newName(base, path, credentials, isDirectory);
    checkNamesChangeable(last.parent, credentials);
    return last;
  }

  #newName(base: Location, path: string, credentials: Credentials, isDirectory: boolean): Last {
    const walk = this.walk(credentials);
    const last = walk.toLast(base, path);
    if (last.kind !== "name") fail("EEXIST");
    if (walk.entry(last.parent, last.name) !== undefined) fail("EEXIST");
    if (last.trailingSlash && !isDirectory) fail("ENOENT");
    checkWritableMount(last.parent);
    checkNotExcluded(last.parent, last.name);
    return last;
  }

  #existing(last: Last, credentials: Credentials): Location {
    return this.walk(credentials).entry(last.parent, last.name) ?? fail("ENOENT");
  }

  /** may_delete() of fs/namei.c: the directory is writable and, when sticky, the file or the directory is the caller's. */
  #checkRemovable(parent: Location, victim: Location, credentials: Credentials): void {
    checkNamesChangeable(parent, credentials);
    if (credentials.uid === 0) return;
    const directory = parent.inode.stat();
    if ((directory.mode & S_ISVTX) === 0 || directory.uid === credentials.uid) return;
    if (victim.inode.stat().uid !== credentials.uid) fail("EPERM");
  }

  #checkRename(
    from: Last,
    to: Last,
    source: Location,
    target: Location | undefined,
    isExchange: boolean,
    credentials: Credentials,
  ): void {
    this.#checkRemovable(from.parent, source, credentials);
    const isDirectory = source.inode.type === FileType.directory;
    if (target === undefined) checkNamesChangeable(to.parent, credentials);
    else {
      this.#checkRemovable(to.parent, target, credentials);
      const targetIsDirectory = target.inode.type === FileType.directory;
      if (!isExchange && isDirectory && !targetIsDirectory) fail("ENOTDIR");
      if (!isExchange && !isDirectory && targetIsDirectory) fail("EISDIR");
      if (isExchange && targetIsDirectory) this.#checkMovable(to.parent, from.parent, target, credentials);
    }
    if (isDirectory) this.#checkMovable(from.parent, to.parent, source, credentials);
    if (source.isMountRoot || target?.isMountRoot) fail("EBUSY");
    if (target?.attachments !== undefined && !isExchange) fail("ENOTEMPTY");
  }

  /** A directory that gets a new parent is itself changed (its ".."). */
  #checkMovable(from: Location, to: Location, directory: Location, credentials: Credentials): void {
    if (from !== to && !mayAccess(directory.inode.stat(), credentials, Access.write)) fail("EACCES");
  }

  #tellMoved(from: Place, to: Place, source: Location, replaced: Location | undefined): void {
    const { observer } = this;
    if (observer === undefined) return;
    const cookie = observer.newCookie();
    observer.named(FileEvent.movedFrom, from.parent.inode, from.name, source.inode, cookie);
    observer.named(FileEvent.movedTo, to.parent.inode, to.name, source.inode, cookie);
    if (replaced !== undefined) observer.became(FileEvent.attributes, replaced.inode);
    observer.became(FileEvent.moveSelf, source.inode);
    if (replaced !== undefined) observer.mayBeGone(replaced.inode);
  }

  #moved(from: Last, to: Last, source: Location, target: Location | undefined, isExchange: boolean): void {
    source.parent?.children?.delete(source.name);
    if (target !== undefined && !isExchange) this.forget(target);
    source.parent = to.parent;
    source.name = to.name;
    this.remember(source);
    if (target === undefined || !isExchange) return;
    target.parent = from.parent;
    target.name = from.name;
    this.remember(target);
  }
}

/**
 * protected_hardlinks (proc_sys_fs(5)), on in every distribution: others' files may be linked only when they are plain
 * and the caller may read and write them.
 */
function isSafelyLinked(stat: Stat, credentials: Credentials): boolean {
  if (credentials.uid === 0 || credentials.uid === stat.uid) return true;
  if ((stat.mode & FILE_TYPE_MASK) !== FileType.regular || (stat.mode & S_ISUID) !== 0) return false;
  const isSetGroup = (stat.mode & S_ISGID) !== 0 && (stat.mode & 0o010) !== 0;
  return !isSetGroup && mayAccess(stat, credentials, Access.read | Access.write);
}

/** Slashes after a name say "directory": only one may be renamed so. */
function checkSlashes(from: Last, to: Last, source: Location, target: Location | undefined, isExchange: boolean): void {
  const isDirectory = source.inode.type === FileType.directory;
  if (isExchange && to.trailingSlash && target?.inode.type !== FileType.directory) fail("ENOTDIR");
  if (!isDirectory && (from.trailingSlash || (!isExchange && to.trailingSlash))) fail("ENOTDIR");
}

/** A file made by O_TMPFILE never had a name, and may be given one (open(2)). */
function isUnnamed(location: Location): boolean {
  return location.name.startsWith("#");
}

/** Owner and mode of a new file: in a set-group-ID directory it gets the directory's group (inode(7)). */
export function newFileIn(parent: Location, mode: number, credentials: Credentials, isDirectory: boolean): NewFile {
  const directory = parent.inode.stat();
  const inherits = (directory.mode & S_ISGID) !== 0;
  return {
    mode: inherits && isDirectory ? mode | S_ISGID : mode,
    uid: credentials.uid,
    gid: inherits ? directory.gid : credentials.gid,
  };
}
