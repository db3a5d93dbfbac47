import { randomBytes } from "node:crypto";
import { closeSync, fsync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

/** Puts a file's content, or the names in a directory, on disk. fsync of a file does not do that for its name (fsync(2)). */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same on a thread of the pool, so that several wait for the disk at once. */
export async function syncPathAsync(path: string): Promise<void> {
  const fd = openSync(path, "r");
  try {
    await promisify(fsync)(fd);
  } finally {
    closeSync(fd);
  }
}

/** A new file, on disk when this returns; its name may not be yet. Throws EEXIST when there is one. */
export function writeNewFile(path: string, content: string | Uint8Array, mode: number): void {
  const fd = openSync(path, "wx", mode);
  try {
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A name beside `path` that nobody else uses, for a file that is not complete yet. */
export function draftOf(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.tmp`;
}
