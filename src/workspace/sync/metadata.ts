import * as fs from "node:fs";
import type { ByteString } from "../../base/byte-string.ts";
import { errorCode, unless } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import { O_PATH } from "../files/root-directory.ts";
import type { Metadata } from "./plan.ts";

const { O_NOFOLLOW } = fs.constants;

/**
 * Sets owner and mode of the thing itself, never of what a link points to. `label` is the path an Obstacle names. The owner
 * comes first: changing it clears the set-id bits (chown(2)).
 */
export function setMetadata(path: string | Buffer, metadata: Metadata, label: ByteString): void {
  setOwner(path, metadata, label);
  if (metadata.mode === undefined) return;
  const fd = fs.openSync(path, O_PATH | O_NOFOLLOW);
  try {
    if (fs.fstatSync(fd).isSymbolicLink()) throw new Obstacle(label, "type-changed");
    fs.chmodSync(`/proc/self/fd/${fd}`, metadata.mode);
    if (metadata.mtimeNs !== undefined) setTime(`/proc/self/fd/${fd}`, metadata.mtimeNs);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * To the microsecond: Node takes a number of seconds, which has no more digits; whole seconds, such as touch(1) and archives have, it
 * has exactly. Only the owner may set a time; where that is somebody else, it stays what the system made it.
 */
export function setTime(place: string | number, mtimeNs: string): void {
  const seconds = secondsOf(BigInt(mtimeNs) / 1000n);
  unless(["EPERM"], () => {
    if (typeof place === "number") fs.futimesSync(place, seconds, seconds);
    else fs.utimesSync(place, seconds, seconds);
  });
}

/** Half a microsecond is added where there is a fraction, so that what is cut off leaves the right one. */
function secondsOf(microseconds: bigint): number {
  return microseconds % 1_000_000n === 0n ? Number(microseconds / 1_000_000n) : (Number(microseconds) + 0.5) / 1e6;
}

/** The same to the microsecond. */
export function isSameTime(nowNs: bigint, mtimeNs: string): boolean {
  return nowNs / 1000n === BigInt(mtimeNs) / 1000n;
}

/** Who may not give files away keeps a group of its own; another user's file would be another file. */
export function setOwner(path: string | Buffer, { uid, gid }: Metadata, label: ByteString): void {
  if (uid === undefined || gid === undefined) return;
  const now = fs.lstatSync(path);
  if (now.uid === uid && now.gid === gid) return;
  try {
    fs.lchownSync(path, uid, gid);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
    if (now.uid !== uid) throw new Obstacle(label, "owner-not-permitted");
  }
}
