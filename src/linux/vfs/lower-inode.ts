import type { ByteString } from "../../base/byte-string.ts";
import type { HashCache, StateHash } from "./hash-cache.ts";
import type { HostTree } from "./host-tree.ts";
import { FileType, type Inode } from "./inode.ts";

/** What lies under an overlay, and what an `ro` mount shows: a file of the host, or one of a layer over it. */
export interface LowerInode extends Inode {
  /** The mount it is found in. */
  readonly tree: HostTree;
  /** What identifies the file, whatever its names. */
  readonly identity: string;
  /** Where it was last found, relative to the tree's root; "." for the root. */
  readonly path: ByteString;
}

export interface LowerDirectory extends LowerInode {
  lookup(name: string): LowerInode | undefined;
  /** What {@link lookup} will find, without the run's knowing of it; undefined when that cannot be told. */
  foreseeLower(name: string): LowerInode | undefined;
}

export interface LowerFile extends LowerInode {
  /** The content is a layer's, where it cannot change, and not the host's. */
  readonly isFromLayer: boolean;
  contentKey(): string;
  /**
   * The hash of the whole content, or of parts of it (offset and length in turn).
   * @throws LinuxError when the file cannot be read any more
   */
  contentHash(hashes: HashCache, parts?: readonly number[]): StateHash;
}

export function isLowerFile(inode: LowerInode): inode is LowerFile {
  return inode.type === FileType.regular;
}

export function isLowerDirectory(inode: LowerInode): inode is LowerDirectory {
  return inode.type === FileType.directory;
}
