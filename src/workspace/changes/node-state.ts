import type { ByteString } from "../../base/byte-string.ts";

/** What stands at a path. Modes are the twelve permission bits. */
export type NodeState =
  | { readonly type: "absent" }
  | FileState
  | (Owned & { readonly type: "directory"; readonly mode: number })
  | (Owned & { readonly type: "symlink"; readonly target: ByteString })
  /** Devices, pipes and sockets: never written, so no more is known of them. */
  | { readonly type: "fifo" | "socket" | "character-device" | "block-device" };

export interface FileState extends Owned {
  readonly type: "file";
  readonly mode: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** When it was last modified, in nanoseconds since 1970, where that is part of the change. JSON has no such numbers. */
  readonly mtimeNs?: string;
  /** Names of one file (hard links) have the same; only to be compared within one change set. */
  readonly inode?: string;
  /** The host file, relative to the root, that this is to become one more name of. */
  readonly nameOf?: ByteString;
}

export interface Owned {
  readonly uid: number;
  readonly gid: number;
}

/** One path's way from one state to another. Undo is the same with `before` and `after` swapped. */
export interface TreeEdit {
  /** Index into the change set's roots. */
  readonly root: number;
  /** Relative to the root, without leading or trailing slash; "" is the root itself. */
  readonly path: ByteString;
  readonly before: NodeState;
  readonly after: NodeState;
}

export const ABSENT: NodeState = { type: "absent" };

export function isUnsupported(state: NodeState): boolean {
  return !["absent", "file", "directory", "symlink"].includes(state.type);
}

/** True when the content stays: both are the same kind of thing with the same bytes, target or (directory) nothing. */
export function hasSameContent(a: NodeState, b: NodeState): boolean {
  if (a.type === "file" && b.type === "file") return a.sha256 === b.sha256 && b.nameOf === undefined;
  if (a.type === "symlink" && b.type === "symlink") return a.target === b.target;
  return a.type === b.type;
}

export function modeOf(state: NodeState): number {
  return state.type === "file" || state.type === "directory" ? state.mode : 0;
}

export function isDirectoryOrNothing({ type }: NodeState): boolean {
  return type === "directory" || type === "absent";
}
