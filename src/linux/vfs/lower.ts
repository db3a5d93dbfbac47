import type { ByteString } from "../../base/byte-string.ts";
import { LinuxError } from "../errno.ts";
import type { DirectoryEntry, Inode } from "./inode.ts";

/*
 * Looking at what may lie on the host after the run, when nobody is there to be told an errno: what the host moved, removed
 * or closed to us during the run is not there.
 */

export function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof LinuxError) return undefined;
    throw error;
  }
}

export function entryOf<Kind extends Inode>(
  directory: { lookup(name: string): Kind | undefined },
  name: string,
): Kind | undefined {
  return ifThere(() => directory.lookup(name));
}

export function listOf(directory: Inode): readonly DirectoryEntry[] {
  return ifThere(() => directory.list()) ?? [];
}

export function namesIn(directory: Inode): ByteString[] {
  return listOf(directory).map(({ name }) => name as ByteString);
}

export function targetOf(link: Inode): ByteString | undefined {
  return ifThere(() => link.readlink() as ByteString);
}
