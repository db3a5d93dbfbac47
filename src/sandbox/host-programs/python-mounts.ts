import { readlinkSync, realpathSync } from "node:fs";
import { homeDirectory } from "../../base/user-directories.ts";
import type { MountSpec } from "../../linux/index.ts";
import { isBelow, namesOf } from "./way.ts";

/** Never mounted as somebody's Python prefix: they hold far more than a Python. */
const TOO_WIDE = new Set([
  "/",
  "/home",
  "/root",
  "/usr",
  "/usr/local",
  "/etc",
  "/var",
  "/opt",
  "/tmp",
  "/run",
  "/proc",
  "/dev",
]);
/** Already in every guest (see guest-tree.ts). */
const ALWAYS_VISIBLE = ["/usr", "/bin", "/lib", "/lib64"];

/** The first of these directories that holds too much to be shown to guests. */
export function tooWide(prefixes: readonly string[]): string | undefined {
  return placesOf(prefixes).find(({ guest }) => TOO_WIDE.has(guest) || guest === homeDirectory())?.guest;
}

/** What must be visible for a Python to run, at the same places as on the host. */
export function pythonMounts(executable: string, prefixes: readonly string[]): MountSpec[] {
  const places = placesOf(prefixes);
  const directories: MountSpec[] = places
    .filter(({ guest }) => !places.some((other) => other.guest !== guest && isBelow(guest, other.guest)))
    .map(({ guest, host }) => ({ guest, kind: "ro", host }));
  return [...directories, ...linkMounts(executable, directories)];
}

/** Directories of the host, each where it is called and where it really is. */
function placesOf(directories: readonly string[]): { guest: string; host: string }[] {
  const places = new Map<string, string>();
  for (const directory of directories) {
    const real = realpathSync(directory);
    for (const guest of [directory, real]) if (!isVisible(guest, ALWAYS_VISIBLE)) places.set(guest, real);
  }
  return [...places].map(([guest, host]) => ({ guest, host }));
}

/** The links on the way to the real executable that no mount shows, as links (virtual environments have some). */
function linkMounts(executable: string, mounts: readonly MountSpec[]): MountSpec[] {
  const visible = [...ALWAYS_VISIBLE, ...mounts.map((mount) => mount.guest)];
  const names = namesOf(executable);
  return names
    .filter((name) => !isVisible(name, visible))
    .map((name) =>
      name === names.at(-1)
        ? { guest: name, kind: "ro", host: realpathSync(name) }
        : { guest: name, kind: "symlink", target: readlinkSync(name) },
    );
}

function isVisible(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => isBelow(path, directory));
}
