import * as fs from "node:fs";
import type { ByteString } from "../../base/byte-string.ts";
import { type Copied, copyContent, fileSource, type Source } from "../../base/content.ts";
import { errorCode } from "../../base/system-error.ts";
import { ABSENT, type NodeState } from "../changes/node-state.ts";
import { FILE_BYTES_MAX } from "../limits.ts";
import { Obstacle } from "./obstacle.ts";
import type { RootDirectory, Status } from "./root-directory.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const PERMISSION_BITS = 0o7777n;

/** What stands at a path now. A file's hash is left empty: reading is another step. */
export function observe(root: RootDirectory, path: ByteString): { state: NodeState; status: Status | undefined } {
  const status = root.status(path);
  if (status === undefined) return { state: ABSENT, status };
  const owner = { uid: Number(status.uid), gid: Number(status.gid) };
  const mode = Number(status.mode & PERMISSION_BITS);
  if (status.isDirectory()) return { state: { type: "directory", mode, ...owner }, status };
  if (status.isSymbolicLink()) return { state: { type: "symlink", target: root.readlink(path), ...owner }, status };
  if (!status.isFile()) return { state: { type: specialType(status) }, status };
  const inode = status.nlink > 1n ? { inode: `${status.dev}:${status.ino}` } : {};
  const sizeBytes = Number(status.size);
  return { state: { type: "file", mode, sha256: "", sizeBytes, ...owner, ...inode }, status };
}

function specialType(status: Status): "fifo" | "socket" | "character-device" | "block-device" {
  if (status.isFIFO()) return "fifo";
  if (status.isSocket()) return "socket";
  return status.isCharacterDevice() ? "character-device" : "block-device";
}

/** Opens the very file that was observed, hands its content over, and closes it. Throws Obstacle when it is another. */
export async function readObserved<T = Copied>(
  root: RootDirectory,
  path: ByteString,
  status: Status,
  use: (source: Source) => Promise<T>,
): Promise<T> {
  const fd = openObserved(root, path);
  try {
    const found = fs.fstatSync(fd, { bigint: true });
    if (found.ino !== status.ino || found.dev !== status.dev) throw new Obstacle(path, "changed-during-sync");
    return await use(fileSource(fd));
  } finally {
    fs.closeSync(fd);
  }
}

export async function hashOnly(source: Source): Promise<Copied> {
  return await copyContent(source, undefined, FILE_BYTES_MAX);
}

function openObserved(root: RootDirectory, path: ByteString): number {
  try {
    return fs.openSync(root.locate(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(errorCode(error) ?? "")) throw new Obstacle(path, "changed-during-sync");
    if (errorCode(error) === "EACCES") throw new Obstacle(path, "base-unknown");
    throw error;
  }
}
