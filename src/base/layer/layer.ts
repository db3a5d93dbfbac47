import type { ByteString } from "../byte-string.ts";

/*
 * A layer: what earlier runs changed and nobody has decided yet, lying read-only between the host's files and the next
 * run. The workspace writes it, the sandbox shows it to guests.
 *
 * It is one tree over absolute host paths (real ones, as byte strings: one character per byte), kept in *segments*: files
 * that only their maker ever wrote to, and that never change afterwards. A segment holds contents of files and tables of
 * directories, one after the other. A table may point into its own segment and into earlier ones of the list, so the next
 * version of a tree can be one more small segment: the new contents, and the tables on the way from the root to them.
 */

/** A layer as a run is given it. */
export interface Layer {
  /** Another one whenever anything in the layer is different. */
  readonly id: string;
  /**
   * Paths of the segment files, in order, or open descriptors of them, which stay open until the run has ended. Nobody writes any
   * more to what the layer has in them; there may be more behind it.
   */
  readonly segments: readonly (string | number)[];
  /** The table of "/". */
  readonly root: Extent;
}

/** A piece of one of a layer's segments. */
export interface Extent {
  /** Position in the list of segments. */
  readonly segment: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** SCM_MAX_FD (net/scm.h) is 253, and a process may hold 1024 descriptors: a workspace writes all in one before it needs more. */
export const SEGMENTS_MAX = 64;
/** A terabyte: far beyond what a workspace keeps, and every position in it has room in an inode number. */
export const SEGMENT_BYTES_MAX = 2 ** 40;
/** NAME_MAX and PATH_MAX without its null (linux/limits.h). */
export const NAME_BYTES_MAX = 255;
export const PATH_BYTES_MAX = 4095;
/** One table: a directory of two million names, or so. */
export const TABLE_BYTES_MAX = 256 * 1024 * 1024;

/** What a layer has at one path. What is at no path of it shows through from the host. */
export type LayerNode = AbsentNode | FileNode | DirectoryNode | SymlinkNode;

/** Nothing is here, whatever the host has. */
export interface AbsentNode {
  readonly type: "absent";
}

/** Permission bits (twelve), owner, and when the content changed last, in nanoseconds since 1970. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
}

export interface FileNode extends Attributes {
  readonly type: "file";
  readonly content: FileContent;
  /**
   * Names with the same number are one file (hard links), and all else about them is equal as well. 0: the file has this
   * name only.
   */
  readonly linkGroup?: number;
  /** How many names the file has; 1 when absent. */
  readonly links?: number;
}

export type FileContent =
  | (Extent & {
      readonly kind: "kept";
      /** Of the content, in lower-case hexadecimal. */
      readonly sha256: string;
    })
  /** What the host's file of this path has: only its attributes differ. Where the host has no file, there is none. */
  | { readonly kind: "host" };

export interface SymlinkNode extends Omit<Attributes, "mode"> {
  readonly type: "symlink";
  readonly target: ByteString;
}

export interface DirectoryNode {
  readonly type: "directory";
  /** Absent: those of the host's directory. A directory that the host does not have must have them. */
  readonly attributes?: Attributes;
  /** Nothing that the host has in a directory of this path shows through. */
  readonly isOpaque: boolean;
}

/** A node and where it is, as the writer takes it. Directories on the way need no entry of their own. */
export interface LayerEntry {
  /** Absolute, real, normalised, and not "/". */
  readonly path: ByteString;
  readonly node: LayerNode;
}
