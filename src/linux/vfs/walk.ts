import { fail } from "../errno.ts";
import { Access, type Credentials, mayAccess } from "./credentials.ts";
import { FileType, Inode } from "./inode.ts";
import { Location } from "./location.ts";

/** Most symbolic links one resolution follows (MAXSYMLINKS, linux/namei.h; path_resolution(7)). */
export const SYMLINKS_MAX = 40;
/** linux/limits.h; PATH_MAX counts the terminating null. */
export const NAME_MAX = 255;
export const PATH_MAX = 4096;

/** A symbolic link that leads to an object rather than to a path: /proc/self/fd/3, exe, cwd. */
export abstract class MagicLink extends Inode {
  override readonly type = FileType.symlink;
  /** Where it leads; undefined when the object is gone (ENOENT). */
  abstract follow(): Location | undefined;
}

/** What a path's last component is: an ordinary name, or one that names no entry. */
export type LastKind = "name" | "dot" | "dotdot" | "root";

/** A path resolved up to its last component. */
export interface Last {
  readonly parent: Location;
  readonly kind: LastKind;
  readonly name: string;
  readonly trailingSlash: boolean;
}

/** What the walk needs of the tree. */
export interface Tree {
  readonly root: Location;
  /** The entry of a directory, mounts included, or undefined. */
  child(directory: Location, name: string): Location | undefined;
}

/** One resolution of one path: path_resolution(7). */
export class Walk {
  readonly #tree: Tree;
  readonly #credentials: Credentials;
  #linksFollowed = 0;
  #isFleeting = false;

  constructor(tree: Tree, credentials: Credentials) {
    this.#tree = tree;
    this.#credentials = credentials;
  }

  /** Whether it went through a tree whose names come and go by themselves: the same path may lead elsewhere next time. */
  get isFleeting(): boolean {
    return this.#isFleeting;
  }

  /** Resolves all but the last component. Symbolic links on the way are followed; the last one is not looked at. */
  toLast(base: Location, path: string): Last {
    if (path === "") fail("ENOENT");
    if (path.length >= PATH_MAX) fail("ENAMETOOLONG");
    let at = path.charCodeAt(0) === SLASH ? this.#tree.root : base;
    let rest = path;
    for (;;) {
      const start = skipSlashes(rest, 0);
      if (start === rest.length) return { parent: at, kind: "root", name: "", trailingSlash: true };
      const slash = rest.indexOf("/", start);
      const end = slash < 0 ? rest.length : slash;
      const name = rest.slice(start, end);
      const next = skipSlashes(rest, end);
      this.checkSearch(at);
      if (!at.mount.keepsNames) this.#isFleeting = true;
      if (next === rest.length) return { parent: at, kind: kindOf(name), name, trailingSlash: end < rest.length };
      const step = this.#step(at, name);
      if (step.inode.type !== FileType.symlink) {
        if (step.inode.type !== FileType.directory) fail("ENOTDIR");
        at = step;
        rest = rest.slice(next);
        continue;
      }
      const target = this.#follow(step);
      if (target instanceof Location) {
        if (target.inode.type !== FileType.directory) fail("ENOTDIR");
        at = target;
        rest = rest.slice(next);
      } else {
        if (target.charCodeAt(0) === SLASH) at = this.#tree.root;
        rest = `${target}/${rest.slice(next)}`;
      }
    }
  }

  /**
   * The last component itself: undefined when it does not exist. Symbolic links are followed when `followLast` or when a
   * slash follows the name; `onLast` learns of each new last component on the way (open(2) with O_CREAT needs it).
   */
  finish(last: Last, followLast: boolean, onLast?: (last: Last) => void): Location | undefined {
    let current = last;
    for (;;) {
      const found = this.#lastStep(current);
      if (found?.inode.type !== FileType.symlink || !(followLast || current.trailingSlash)) {
        if (current.trailingSlash && found !== undefined && found.inode.type !== FileType.directory) fail("ENOTDIR");
        return found;
      }
      const target = this.#follow(found);
      if (target instanceof Location) {
        if (current.trailingSlash && target.inode.type !== FileType.directory) fail("ENOTDIR");
        return target;
      }
      const next = this.toLast(found.parent ?? this.#tree.root, target);
      current = current.trailingSlash ? { ...next, trailingSlash: true } : next;
      onLast?.(current);
    }
  }

  /** Fails unless names in this directory may be looked up. */
  checkSearch(directory: Location): void {
    if (directory.inode.type !== FileType.directory) fail("ENOTDIR");
    if (this.#credentials.uid === 0) return;
    if (!mayAccess(directory.inode.stat(), this.#credentials, Access.execute)) fail("EACCES");
  }

  #lastStep(last: Last): Location | undefined {
    switch (last.kind) {
      case "root":
      case "dot":
        return last.parent;
      case "dotdot":
        return last.parent.parent ?? last.parent;
      case "name":
        return this.entry(last.parent, last.name);
    }
  }

  entry(directory: Location, name: string): Location | undefined {
    if (name.length > NAME_MAX) fail("ENAMETOOLONG");
    return this.#tree.child(directory, name);
  }

  #step(at: Location, name: string): Location {
    if (name === ".") return at;
    if (name === "..") return at.parent ?? at;
    return this.entry(at, name) ?? fail("ENOENT");
  }

  #follow(link: Location): Location | string {
    if (++this.#linksFollowed > SYMLINKS_MAX) fail("ELOOP");
    if (link.inode instanceof MagicLink) return link.inode.follow() ?? fail("ENOENT");
    const target = link.inode.readlink();
    return target === "" ? fail("ENOENT") : target;
  }
}

const SLASH = 0x2f;

function skipSlashes(path: string, from: number): number {
  let at = from;
  while (path.charCodeAt(at) === SLASH) at++;
  return at;
}

function kindOf(name: string): LastKind {
  return name === "." ? "dot" : name === ".." ? "dotdot" : "name";
}
