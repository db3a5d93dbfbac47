import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, labelOf, toByteString } from "../../base/byte-string.ts";
import { memorySource } from "../../base/content.ts";
import { defined } from "../../base/optional.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { ZtlError } from "../../errors.ts";
import { hashOnly, observe, readObserved } from "../files/observation.ts";
import { type ConflictReason, Obstacle } from "../files/obstacle.ts";
import type { RootDirectory, Status } from "../files/root-directory.ts";
import { DIFF_BYTES_MAX, FILE_BYTES_MAX } from "../limits.ts";
import { STAGING_PREFIX } from "../sync/staging-name.ts";
import type { Draft } from "./drafts.ts";
import { isText } from "./flags.ts";
import {
  ABSENT,
  type FileState,
  isDirectoryOrNothing,
  isUnsupported,
  modeOf,
  type NodeState,
  type TreeEdit,
} from "./node-state.ts";
import type { ProposedChange } from "./proposed-change.ts";

/** A draft compared with what the host has now. */
export interface DraftedEdit {
  readonly draft: Draft;
  readonly edit: TreeEdit;
  readonly blocked: ConflictReason | undefined;
  /** How many names the host's file has. */
  readonly baseNames: number;
  /** One of the contents, as far as they are short enough to be compared, is no text. */
  readonly isBinary: boolean;
}

/**
 * Reads the base from the host and keeps the new content. The host may have changed since the run: then it is blocked. Where the
 * run saw something else than the host, `seen` is that.
 */
export async function draftEdit(
  draft: Draft,
  root: RootDirectory,
  blobs: BlobFiles,
  seen?: NodeState,
): Promise<DraftedEdit> {
  const { path, gone, now } = draft;
  const base = await readBase(draft, root, blobs, seen).catch(asBlocked);
  const content = now?.fileType === "file" ? now.content : undefined;
  const after = now === undefined ? ABSENT : await keepAfter(draft, now, base.state, blobs);
  const isReserved = path.startsWith(STAGING_PREFIX);
  const isHidden =
    root.isHidden(path) || (root.leadsToHidden(path) && ![base.state, after].every(isDirectoryOrNothing));
  const isUncertain = gone?.baseChangedDuringRun === true || now?.baseChangedDuringRun === true;
  const blocked =
    (isReserved && "reserved-name") ||
    (isUnsupported(after) && "unsupported-type") ||
    (now?.fileType === "symlink" && isInexact(now.symlinkTarget ?? "", now.symlinkTargetBytes) && "inexact-name") ||
    (isUncertain && "base-changed-during-run") ||
    (isHidden && "hidden-place") ||
    base.blocked ||
    undefined;
  return {
    draft,
    edit: { root: draft.root, path, before: withTime(base, after), after },
    blocked,
    baseNames: base.state.type === "file" ? Number(base.status?.nlink ?? 1n) : 1,
    isBinary: [base.content, content].some(
      (bytes) => bytes !== undefined && bytes.length <= DIFF_BYTES_MAX && !isText(bytes),
    ),
  };
}

interface Base {
  readonly state: NodeState;
  readonly status: Status | undefined;
  readonly content: Uint8Array | undefined;
  readonly blocked: ConflictReason | undefined;
}

/** Where a time is part of the change, undo has one to set back. */
function withTime({ state, status }: Base, after: NodeState): NodeState {
  if (state.type !== "file" || after.type !== "file" || after.mtimeNs === undefined || status === undefined)
    return state;
  return { ...state, mtimeNs: status.mtimeNs.toString() };
}

/** What lies where nothing is looked at. */
function asBlocked(error: unknown): Base {
  if (!(error instanceof Obstacle)) throw error;
  return { state: ABSENT, status: undefined, content: undefined, blocked: error.reason };
}

async function readBase(
  draft: Draft,
  root: RootDirectory,
  blobs: BlobFiles,
  seen: NodeState | undefined,
): Promise<Base> {
  const { state, status } = seen === undefined ? observe(root, draft.path) : { state: seen, status: undefined };
  const expected = draft.gone?.fileType ?? (draft.now?.kind === "modify" ? draft.now.fileType : "absent");
  if (state.type !== expected) {
    const blocked = expected === "absent" ? "already-exists" : state.type === "absent" ? "missing" : "type-changed";
    return { state, status, content: undefined, blocked };
  }
  if (state.type !== "file" || status === undefined) return { state, status, content: undefined, blocked: undefined };
  return { status, ...(await readBaseFile(draft, root, state, status, blobs)) };
}

/** Small bases are kept, so that what is shown is what the hash says, whatever the host does meanwhile. */
async function readBaseFile(
  { path, gone, now }: Draft,
  root: RootDirectory,
  state: FileState,
  status: Status,
  blobs: BlobFiles,
): Promise<Omit<Base, "status">> {
  const claimed = gone?.baseSha256 ?? now?.baseSha256;
  try {
    if (state.sizeBytes > DIFF_BYTES_MAX) {
      const sha256 = claimed ?? (await readObserved(root, path, status, hashOnly)).sha256;
      return { state: { ...state, sha256 }, content: undefined, blocked: undefined };
    }
    const content = await readObserved(root, path, status, async (source) => {
      const buffer = Buffer.alloc(state.sizeBytes);
      for (let at = 0; at < buffer.length; ) {
        const bytes = await source(buffer.subarray(at), at);
        if (bytes === 0) return buffer.subarray(0, at);
        at += bytes;
      }
      return buffer;
    });
    const found = sha256Hex(content);
    if (claimed !== undefined && claimed !== found) {
      return { state: { ...state, sha256: claimed }, content: undefined, blocked: "content-changed" };
    }
    await blobs.put(memorySource(content), found);
    return { state: { ...state, sha256: found }, content, blocked: undefined };
  } catch (error) {
    if (error instanceof Obstacle) return { state, content: undefined, blocked: error.reason };
    throw error;
  }
}

async function keepAfter(draft: Draft, now: ProposedChange, before: NodeState, blobs: BlobFiles): Promise<NodeState> {
  const old = before.type === "absent" || isUnsupported(before) ? undefined : (before as FileState);
  const owner = { uid: now.uid ?? old?.uid ?? 0, gid: now.gid ?? old?.gid ?? 0 };
  const mode = (now.mode ?? modeOf(before)) & 0o7777;
  switch (now.fileType) {
    case "directory":
      return { type: "directory", mode, ...owner };
    case "symlink":
      return { type: "symlink", target: toByteString(now.symlinkTarget ?? "", now.symlinkTargetBytes), ...owner };
    case "file": {
      const inode =
        before.type === "file" && before.inode !== undefined ? before.inode : `new:${draft.root}/${draft.path}`;
      return {
        type: "file",
        mode,
        ...owner,
        ...(await keepContent(draft, now, before, blobs)),
        inode,
        ...defined({ mtimeNs: now.mtimeNs }),
      };
    }
    default:
      return { type: now.fileType };
  }
}

async function keepContent(
  draft: Draft,
  now: ProposedChange,
  before: NodeState,
  blobs: BlobFiles,
): Promise<{ sha256: string; sizeBytes: number }> {
  const path = labelOf(draft.path);
  if (now.content === undefined) {
    if (now.newSha256 !== undefined && now.sizeBytes !== undefined && (await isKept(now.newSha256, blobs)))
      return { sha256: now.newSha256, sizeBytes: now.sizeBytes };
    // Only permissions or the owner changed; when the host's file is another thing by now, the entry is blocked anyway.
    if (now.kind === "modify") {
      return before.type === "file"
        ? { sha256: before.sha256, sizeBytes: before.sizeBytes }
        : { sha256: "", sizeBytes: 0 };
    }
    throw new ZtlError("content-missing", `The change set has no content for ${JSON.stringify(path)}`, {
      remedy: "Ask the sandbox for contents when a run's changes are to be applied.",
    });
  }
  if (now.content.length > FILE_BYTES_MAX) {
    throw new ZtlError(
      "file-too-large",
      `${JSON.stringify(path)} has ${now.content.length} bytes; ${FILE_BYTES_MAX} fit`,
    );
  }
  const kept = await blobs.put(memorySource(now.content), now.newSha256);
  if (now.newSha256 === undefined || now.newSha256 === kept.sha256) return kept;
  throw new ZtlError("content-hash", `The content of ${JSON.stringify(path)} is not what its hash says`);
}

/** Content that came with an earlier run. */
async function isKept(sha256: string, blobs: BlobFiles): Promise<boolean> {
  return (await blobs.check(sha256)).state === "whole";
}

/** U+FFFD stands for bytes that are lost, unless the name really has it and the bytes say so. */
function isInexact(text: string, bytes: Uint8Array | undefined): boolean {
  return bytes === undefined && text.includes("\ufffd");
}

/** Where a change says its file was, or what it is a name of; undefined when its bytes are not known. */
export function otherName(text: string | undefined, bytes: Uint8Array | undefined): ByteString | undefined {
  return text === undefined || isInexact(text, bytes) ? undefined : toByteString(text, bytes);
}
