import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, below, bytesOf, EMPTY, textOf } from "../../base/byte-string.ts";
import { defined } from "../../base/optional.ts";
import { FILE_BYTES_MAX } from "../limits.ts";
import { guestPathOf } from "./entries.ts";
import { hasSameContent, modeOf, type NodeState, type TreeEdit } from "./node-state.ts";
import type { ProposedChange, Root } from "./proposed-change.ts";

interface Edited {
  readonly edit: TreeEdit;
}

interface EditList {
  readonly entries: readonly Edited[];
  readonly roots: readonly Root[];
}

/** A change set as the list it was made from, to be laid under another run. */
export async function toProposedChanges({ entries, roots }: EditList, blobs: BlobFiles): Promise<ProposedChange[]> {
  const firstNames = new Map<string, ByteString>();
  const changes: ProposedChange[] = [];
  for (const entry of entries) {
    const path = guestPathOf(entry.edit, roots);
    const { before, after } = entry.edit;
    const isReplaced = before.type !== "absent" && before.type !== after.type;
    if (isReplaced) changes.push({ ...named(path), kind: "delete", fileType: before.type, ...base(before) });
    if (after.type === "absent") continue;
    changes.push({
      ...named(path),
      kind: before.type === "absent" || isReplaced ? "add" : "modify",
      fileType: after.type,
      ...(before.type === after.type && base(before)),
      ...("uid" in after && { uid: after.uid, gid: after.gid, mode: after.type === "symlink" ? 0o777 : modeOf(after) }),
      ...(after.type === "file" &&
        defined({ mtimeNs: after.mtimeNs === undefined ? undefined : BigInt(after.mtimeNs) })),
      ...(after.type === "symlink" && pair("symlinkTarget", after.target)),
      ...(await content(entry, blobs)),
      ...link(entry, path, guestPathOf({ root: entry.edit.root, path: EMPTY }, roots), firstNames),
    });
  }
  return changes;
}

function named(path: ByteString): Pick<ProposedChange, "path" | "pathBytes"> {
  return { path: textOf(path), pathBytes: new Uint8Array(bytesOf(path)) };
}

function pair<Name extends "symlinkTarget" | "linkOf">(name: Name, value: ByteString): Partial<ProposedChange> {
  return { [name]: textOf(value), [`${name}Bytes`]: new Uint8Array(bytesOf(value)) };
}

function base(before: NodeState): Pick<ProposedChange, "baseSha256"> {
  return before.type === "file" && before.sha256 !== "" ? { baseSha256: before.sha256 } : {};
}

async function content({ edit: { before, after } }: Edited, blobs: BlobFiles): Promise<Partial<ProposedChange>> {
  if (after.type !== "file") return hasSameContent(before, after) ? { metadataOnly: true } : {};
  if (hasSameContent(before, after)) return { metadataOnly: true };
  const bytes = await blobs.get(after.sha256, FILE_BYTES_MAX);
  return { newSha256: after.sha256, sizeBytes: after.sizeBytes, ...(bytes && { content: bytes }) };
}

function link(
  { edit: { root, after } }: Edited,
  path: ByteString,
  guestRoot: ByteString,
  firstNames: Map<string, ByteString>,
): Partial<ProposedChange> {
  if (after.type !== "file") return {};
  if (after.nameOf !== undefined) return pair("linkOf", below(guestRoot, after.nameOf));
  const key = `${root}/${after.inode ?? path}`;
  const first = firstNames.get(key);
  if (first === undefined) firstNames.set(key, path);
  return first === undefined ? {} : pair("linkOf", first);
}
