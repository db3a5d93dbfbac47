import { type ByteString, textOf } from "../../base/byte-string.ts";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import { LinuxError } from "../errno.ts";
import { LimitReached } from "../limits.ts";
import type { Change } from "./changes.ts";
import type { HashCache } from "./hash-cache.ts";
import { type Attributes, FileType } from "./inode.ts";
import type { Location } from "./location.ts";
import { isLowerFile, type LowerInode } from "./lower-inode.ts";
import { RamDirectory } from "./ram-directory.ts";
import { RamFile } from "./ram-file.ts";
import type { RamInode } from "./ram-inode.ts";

/** A change of an earlier run, as this one is to find it. */
export type PendingChange = Omit<Change, "content" | "read"> & {
  /** What the new content, of `sizeBytes`, has where it is not zeros. */
  readonly content?: readonly { readonly position: number; readonly bytes: Uint8Array }[];
};

/** What is needed of the file tree. */
interface PendingTree {
  readonly root: Location;
  child(directory: Location, name: string): Location | undefined;
}

/** Where a name of a pending change is: its directory in an overlay, without following any link on the way. */
interface Place {
  readonly directory: RamDirectory;
  readonly name: string;
}

/**
 * Brings the overlays into the state that changes describe, before the guest starts: the deletes from last to first, then
 * the rest from first to last. The list is data that a guest chose; it is held to what a list of changes can be.
 * Throws ZtlError `pending-invalid`, or `pending-stale` when the host's files are not what the changes were made from.
 */
export function applyPending(tree: PendingTree, hashes: HashCache, changes: readonly PendingChange[]): void {
  const pending = new Pending(tree, hashes);
  for (const change of changes.filter(({ kind }) => kind === "delete").reverse()) pending.apply(change);
  for (const change of changes) if (change.kind !== "delete") pending.apply(change);
}

class Pending {
  readonly #tree: PendingTree;
  readonly #hashes: HashCache;

  constructor(tree: PendingTree, hashes: HashCache) {
    this.#tree = tree;
    this.#hashes = hashes;
  }

  apply(change: PendingChange): void {
    try {
      const root = change.kind === "modify" ? this.#overlayRoot(change.path) : undefined;
      if (root !== undefined) {
        root.setAttributes(attributesOf(change));
        return;
      }
      const place = this.#placeOf(change.path);
      if (change.kind === "delete") this.#delete(place, change);
      else if (change.kind === "add") this.#add(place, change);
      else this.#modify(place, change);
    } catch (error) {
      if (error instanceof LimitReached) invalid(change.path, "there is more than a run may write");
      if (!(error instanceof LinuxError)) throw error;
      // What a list of changes cannot hold was refused before: the host is not as it was.
      stale(change.path, error.name);
    }
  }

  #delete({ directory, name }: Place, change: PendingChange): void {
    const inode = this.#existing(directory, name, change);
    if (inode instanceof RamDirectory) directory.removeDirectory(name);
    else directory.unlink(name);
  }

  #add({ directory, name }: Place, change: PendingChange): void {
    const owner = { mode: change.mode ?? 0, uid: change.uid ?? 0, gid: change.gid ?? 0 };
    if (change.linkOf !== undefined) {
      const target = this.#placeOf(change.linkOf);
      const file = target.directory.lookup(target.name) ?? stale(change.linkOf, "is not there");
      directory.createLink(name, file);
      return;
    }
    switch (change.fileType) {
      case "file":
        this.#fill(directory.createFile(name, owner), change);
        return;
      case "directory":
        directory.createDirectory(name, owner);
        return;
      case "symlink":
        directory.createSymlink(name, change.symlinkTarget ?? invalid(change.path, "a link leads somewhere"), owner);
        return;
      case "fifo":
        directory.createSpecial(name, FileType.fifo, 0, owner);
        return;
      default:
        invalid(change.path, `a ${change.fileType} cannot be pending`);
    }
  }

  #modify({ directory, name }: Place, change: PendingChange): void {
    const inode = this.#existing(directory, name, change);
    if (inode.type === FileType.symlink && change.symlinkTarget !== undefined) {
      directory.unlink(name);
      this.#add({ directory, name }, change);
      return;
    }
    if (change.content !== undefined) {
      inode.truncate(0);
      this.#fill(inode, change);
    }
    inode.setAttributes(attributesOf(change));
  }

  #fill(inode: RamInode, { path, content = [], sizeBytes = 0, mtimeNs }: PendingChange): void {
    if (!(inode instanceof RamFile)) invalid(path, "only a file has content");
    for (const { position, bytes } of content) {
      for (let at = 0; at < bytes.length; ) at += inode.write(bytes.subarray(at), position + at);
    }
    if (inode.sizeBytes < sizeBytes) inode.truncate(sizeBytes);
    if (mtimeNs !== undefined) inode.setAttributes({ mtimeNs });
  }

  /** What stands there, which must be what the change was made from. */
  #existing(directory: RamDirectory, name: string, { path, fileType, baseSha256 }: PendingChange): RamInode {
    const inode = directory.lookup(name) ?? stale(path, "is not there");
    if (TYPES[fileType] !== inode.type) stale(path, "is another kind of thing");
    const lower = inode.origin?.lower;
    if (baseSha256 !== undefined && this.#hashOf(lower) !== baseSha256) stale(path, "has another content");
    return inode;
  }

  #hashOf(lower: LowerInode | undefined): string | undefined {
    return lower !== undefined && isLowerFile(lower) ? lower.contentHash(this.#hashes).sha256 : undefined;
  }

  /** An overlay's own directory has no name inside it. */
  #overlayRoot(path: ByteString): RamDirectory | undefined {
    let at: Location | undefined = this.#tree.root;
    for (const part of namesOf(path))
      at = at?.inode.type === FileType.directory ? this.#tree.child(at, part) : undefined;
    const isRoot = at?.isMountRoot && at.mount.kind === "overlay";
    return isRoot && at?.inode instanceof RamDirectory ? at.inode : undefined;
  }

  #placeOf(path: ByteString): Place {
    const names = namesOf(path);
    const name = names.pop() ?? invalid(path, "has no name");
    let at = this.#tree.root;
    for (const part of names) {
      at = this.#tree.child(at, part) ?? stale(path, "is in a directory that is not there");
      if (at.inode.type !== FileType.directory) invalid(path, "leads through something that is no directory");
    }
    if (at.mount.kind !== "overlay" || !(at.inode instanceof RamDirectory) || at.attachments?.has(name)) {
      invalid(path, "is in no directory that the run may change");
    }
    // What was walked already is remembered by name, and the name may lead elsewhere from here on.
    at.children?.delete(name);
    return { directory: at.inode, name };
  }
}

function namesOf(path: ByteString): string[] {
  const [first, ...names] = path.split("/");
  const isWhole = first === "" && names.every((name) => name !== "" && name !== "." && name !== "..");
  return isWhole && !path.includes("\0") ? names : invalid(path, "expected an absolute, normalised path");
}

function attributesOf({ mode, uid, gid, mtimeNs }: PendingChange): Attributes {
  return defined({ mode, uid, gid, mtimeNs });
}

const TYPES: Readonly<Record<Change["fileType"], number>> = {
  file: FileType.regular,
  directory: FileType.directory,
  symlink: FileType.symlink,
  fifo: FileType.fifo,
  socket: FileType.socket,
  "character-device": FileType.characterDevice,
  "block-device": FileType.blockDevice,
};

/** A byte string as text for a message. */
function shown(path: ByteString): string {
  return JSON.stringify(textOf(path));
}

function invalid(path: ByteString, reason: string): never {
  throw new ZtlError("pending-invalid", `The pending change of ${shown(path)} cannot be: ${reason}`);
}

function stale(path: ByteString, reason: string): never {
  throw new ZtlError(
    "pending-stale",
    `The host is not what the pending changes were made from: ${shown(path)} ${reason}`,
  );
}
