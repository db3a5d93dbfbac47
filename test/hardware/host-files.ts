import { spawnSync } from "node:child_process";
import { closeSync, globSync, lstatSync, openSync, readlinkSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Archive } from "./archive.ts";

/** Copies programs of this machine into an archive, each with what it needs to start. */

const ROOT_LINKS = ["/bin", "/sbin", "/lib", "/lib64"];
const ELF = Buffer.from("\x7fELF", "latin1");

/** Merged-/usr systems have these as links; loaders and scripts name files through them. */
export function addRootLinks(archive: Archive): void {
  for (const path of ROOT_LINKS) {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status?.isSymbolicLink()) archive.link(path, readlinkSync(path));
  }
}

/** A file with the links on the way to it and, for a program or library, the shared libraries it is linked with. */
export function addFile(archive: Archive, path: string): void {
  const place = join(realpathSync(dirname(path)), basename(path));
  if (archive.has(place)) return;
  const status = lstatSync(place);
  if (status.isSymbolicLink()) {
    const target = readlinkSync(place);
    archive.link(place, target);
    addFile(archive, resolve(dirname(place), target));
    return;
  }
  archive.copy(place, place, (status.mode & 0o111) !== 0);
  if (isElf(place)) addLibraries(archive, place);
}

/** Programs by name; those that are not installed are left out. */
export function addPrograms(archive: Archive, names: readonly string[]): void {
  for (const name of names) {
    const path = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
      .map((directory) => join(directory, name))
      .find((candidate) => lstatSync(candidate, { throwIfNoEntry: false }));
    if (path !== undefined) addFile(archive, path);
  }
}

/** The files below a directory but the excluded ones (by their name in it), at another place or at the same. */
export function addTree(archive: Archive, from: string, to: string, exclude: (path: string) => boolean): void {
  for (const entry of globSync("**/*", { cwd: from, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(from.length + 1);
    if (exclude(name)) continue;
    if (entry.isSymbolicLink()) archive.link(join(to, name), readlinkSync(path));
    else if (entry.isFile()) archive.copy(path, join(to, name), (lstatSync(path).mode & 0o111) !== 0);
  }
}

/** The shared libraries a program or library is linked with, as this machine's loader finds them. */
export function addLibraries(archive: Archive, path: string): void {
  // Exits with 1 for what is not dynamically linked; then it names no library.
  const { stdout } = spawnSync("ldd", [path], { encoding: "utf8" });
  for (const match of stdout.matchAll(/(\/\S+) \(0x/g)) addFile(archive, match[1] as string);
}

function isElf(path: string): boolean {
  const magic = Buffer.alloc(4);
  const fd = openSync(path, "r");
  readSync(fd, magic);
  closeSync(fd);
  return magic.equals(ELF);
}
