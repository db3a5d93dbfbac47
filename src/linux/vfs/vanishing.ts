import { type ByteString, below } from "../../base/byte-string.ts";
import type { Mount } from "./mounts.ts";
import { RamDirectory } from "./ram-directory.ts";
import { RamFile } from "./ram-file.ts";

/** Files of a run that are gone with it: in its own memory, outside its overlays. */
export interface Vanishing {
  /** The first of them, as they were found; none with a very long name. */
  readonly paths: readonly ByteString[];
  /** How many there are, counted up to {@link VANISHED_VISITED_MAX} names. */
  readonly files: number;
}

/** Told to a model, which looks for its one file among them. */
export const VANISHED_PATHS_MAX = 10;
/** Ten of these fit beside whatever else a result says. */
export const VANISHED_PATH_BYTES_MAX = 256;
/** Looking at so many takes less than a millisecond. */
export const VANISHED_VISITED_MAX = 1000;
/** Where programs keep what they themselves need only while they run: sockets, locks, shared memory. */
const NEVER_KEPT: ReadonlySet<string> = new Set(["/run", "/dev/shm"]);

/** Regular files with a content, in the scratch directories among these mounts; hidden ones are a program's own affair. */
export function findVanishing(mounts: readonly Mount[]): Vanishing {
  const waiting: { readonly directory: RamDirectory; readonly path: ByteString }[] = [];
  for (const { kind, fs, guestPath } of mounts)
    if (kind === "tmpfs" && fs !== undefined && !NEVER_KEPT.has(guestPath))
      waiting.push({ directory: fs.root, path: guestPath });
  const paths: ByteString[] = [];
  let [files, visited] = [0, 0];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, inode] of next.directory.touchedNames) {
      if (++visited > VANISHED_VISITED_MAX) return { paths, files };
      if (name.startsWith(".")) continue;
      const path = below(next.path, name as ByteString);
      if (inode instanceof RamDirectory) waiting.push({ directory: inode, path });
      else if (inode instanceof RamFile && inode.stat().sizeBytes > 0) {
        files++;
        if (paths.length < VANISHED_PATHS_MAX && path.length <= VANISHED_PATH_BYTES_MAX) paths.push(path);
      }
    }
  }
  return { paths, files };
}
