import * as fs from "node:fs";
import { type ByteString, bytesOf, EMPTY } from "../../base/byte-string.ts";
import type { Change } from "./changes.ts";

/** Applies a change set to a host directory, plainly: what tests (and anyone wondering) can compare a real sync with. */
export function applyChanges(changes: readonly Change[], guestRoot: string, hostRoot: string): void {
  const hostPath = (path: ByteString): Buffer =>
    Buffer.concat([Buffer.from(hostRoot), bytesOf(path).subarray(Buffer.byteLength(guestRoot))]);
  for (const change of changes.filter(({ kind }) => kind === "delete").reverse()) {
    if (change.fileType === "directory") fs.rmdirSync(hostPath(change.path));
    else fs.unlinkSync(hostPath(change.path));
  }
  for (const change of changes) {
    if (change.kind !== "delete") apply(change, hostPath(change.path), change.linkOf && hostPath(change.linkOf));
  }
}

function apply(change: Change, path: Buffer, linkOf: Buffer | undefined | ""): void {
  if (linkOf) fs.linkSync(linkOf, path);
  else if (change.fileType === "directory") {
    if (change.kind === "add") fs.mkdirSync(path);
  } else if (change.fileType === "symlink") {
    if (change.kind === "modify") fs.unlinkSync(path);
    fs.symlinkSync(bytesOf(change.symlinkTarget ?? EMPTY), path);
  } else if (change.fileType === "file" && change.content !== undefined) fs.writeFileSync(path, change.content());
  fs.lchownSync(path, change.uid ?? 0, change.gid ?? 0);
  if (change.fileType !== "symlink") fs.chmodSync(path, change.mode ?? 0);
}
