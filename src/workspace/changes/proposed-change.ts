import type { NodeState } from "./node-state.ts";

/**
 * One difference between what a run left behind and the host, as a sandbox reports it. A type that changed is a `delete`
 * and an `add` of the same path. Paths are the guest's, absolute.
 */
export interface ProposedChange {
  /** As text; where it is not the exact name, `pathBytes` is. The same holds for the other pairs. */
  readonly path: string;
  readonly pathBytes?: Uint8Array;
  readonly kind: "add" | "modify" | "delete";
  readonly fileType: Exclude<NodeState["type"], "absent">;
  /** Permission bits and owner now; for `add` and `modify`. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** When a file was last modified, in nanoseconds since 1970; for `add` and `modify`. */
  readonly mtimeNs?: string;
  readonly symlinkTarget?: string;
  readonly symlinkTargetBytes?: Uint8Array;
  readonly sizeBytes?: number;
  /** SHA-256 in hexadecimal of the host's content that the run started from. */
  readonly baseSha256?: string;
  /** The host changed the file during the run: what the run saw of it is not certain, so it is not applied. */
  readonly baseChangedDuringRun?: true;
  readonly newSha256?: string;
  /** Absent when the content did not change. */
  readonly content?: Uint8Array;
  readonly renamedFrom?: string;
  readonly renamedFromBytes?: Uint8Array;
  /** Another name, in the list or on the host, of the same file. */
  readonly linkOf?: string;
  readonly linkOfBytes?: Uint8Array;
  readonly metadataOnly?: true;
}

/** A host directory and where the guest saw it. */
export interface Root {
  readonly hostRoot: string;
  readonly guestRoot: string;
  /** A file system of its own was mounted there: without it, what is under its place is another directory. */
  readonly isMountPoint?: true;
}
