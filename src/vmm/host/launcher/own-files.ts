import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * SAFETY: nothing foreign is called here; Koffi is named because a cell must be able to load it.
 */

/** Files of the host that a cell itself needs, whatever its guest is shown. */
export interface OwnFiles {
  /** Node, the dynamic loader, and directories of libraries that are mapped executable. */
  readonly executable: readonly string[];
  /** This package's program files, Koffi's, and what is asked of the system when a cell starts. */
  readonly readable: readonly string[];
}

/** Read when a cell starts: where libraries are, and whether the processor's counter is a clock (linux/vdso). */
const SYSTEM_FILES = [
  "/etc/ld.so.cache",
  "/sys/devices/system/clocksource/clocksource0/current_clocksource",
  "/sys/devices/system/cpu/online",
];
/** Where loaders and libraries are looked for; on most systems links into /usr. */
const LIBRARY_LINKS = ["/lib", "/lib64", "/lib32"];
/** The loader's place by the ABI of x86-64, or musl's. */
const LOADERS = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"];

let found: OwnFiles | undefined;

/** What this process itself runs from: a cell is the same Node with the same libraries. */
export function ownFiles(): OwnFiles {
  found ??= findOwnFiles();
  return found;
}

function findOwnFiles(): OwnFiles {
  const program = fileURLToPath(new URL("../../../", import.meta.url));
  const koffi = packageOf(createRequire(import.meta.url).resolve("koffi"));
  const mapped = mappedExecutables();
  const addons = mapped.filter((path) => path.endsWith(".node")).map(packageOf);
  return {
    executable: [process.execPath, ...LOADERS, ...mapped.map((path) => dirname(path))].filter((path) =>
      existsSync(path),
    ),
    readable: [
      program,
      // Node reads there that our files are ES modules.
      join(packageOf(program), "package.json"),
      ...[koffi, ...addons, ...lookups(program, "koffi"), ...lookups(koffi, "@koromix")],
      ...LIBRARY_LINKS,
      ...SYSTEM_FILES,
    ].filter((path) => existsSync(path)),
  };
}

/** Where Node looks for a package that is imported from below `directory`: links there must lead on. */
function lookups(directory: string, name: string): string[] {
  const found: string[] = [];
  for (let at = directory; at !== dirname(at); at = dirname(at)) found.push(join(at, "node_modules", name));
  return found;
}

/** Files mapped into this process to be executed (proc_pid_maps(5)): libraries and addons. */
function mappedExecutables(): string[] {
  const paths = readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .map((line) => /^\S+ r-xp \S+ \S+ [1-9]\d*\s+(\/.+)$/.exec(line)?.[1])
    .filter((path) => path !== undefined && path !== process.execPath);
  return [...new Set(paths as string[])];
}

/** The nearest directory around a file with a package.json. */
function packageOf(path: string): string {
  for (let directory = dirname(path); directory !== "/"; directory = dirname(directory)) {
    if (existsSync(join(directory, "package.json"))) return directory;
  }
  return dirname(path);
}
