import type { BigIntStats } from "node:fs";
import { sha256Hex } from "../../base/sha256.ts";

/**
 * What tells a file that was made here from one with the same name, content and permissions that came in an archive, a
 * repository or a backup: which inode it has, and the nanosecond at which that was made (statx(2), stx_btime). Nobody can
 * write these down before they exist. Undefined on file systems that do not keep the time.
 */
export function originOf({ dev, ino, birthtimeNs }: BigIntStats): string | undefined {
  if (birthtimeNs === 0n) return undefined;
  return sha256Hex(`ztl-origin-v1 ${dev} ${ino} ${birthtimeNs}`).slice(0, 32);
}
