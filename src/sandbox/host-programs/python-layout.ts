import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isBelow, namesOf } from "./way.ts";

/**
 * Where a Python has its library, found as CPython finds it (Modules/getpath.py), but from outside: a Python that is asked
 * has already run `site`, and with it whatever lies in the directories that are being asked about.
 */
export interface PythonLayout {
  /** Such as `3.12`, or `3.13t` for a free-threaded build. */
  readonly version: string;
  /** Every directory that holds a part of it: the virtual environment, if it is one, and what that is made from. */
  readonly prefixes: readonly string[];
  /** The directory that makes it a virtual environment. */
  readonly environment: string | undefined;
  readonly library: string;
  /** What decides which modules `import` finds. */
  readonly importPaths: readonly string[];
}

/** A sentence that says why a file is no Python guests could run. */
export interface NoPython {
  readonly problem: string;
}

/** The guest's runner is written for it (guest/python_runner.py). */
const MINOR_MIN = 8;
/** ELF's e_ident (elf(5)). */
const ELF_MAGIC = Buffer.from("\x7fELF", "latin1");
const SCRIPT_MAGIC = Buffer.from("#!");
/** `venv` writes some 200 bytes. */
const SETTINGS_BYTES_MAX = 64 * 1024;
/** Where builds put what they call lib: sys.platlibdir is lib64 on Fedora and openSUSE. */
const LIBRARY_DIRECTORIES = ["lib", "lib64"];

/** What kind of file it is by its first bytes; undefined when it cannot be read. */
export function programKind(path: string): "elf" | "script" | "other" | undefined {
  const head = readHead(path, ELF_MAGIC.length);
  if (head === undefined) return undefined;
  if (head.equals(ELF_MAGIC)) return "elf";
  return head.subarray(0, SCRIPT_MAGIC.length).equals(SCRIPT_MAGIC) ? "script" : "other";
}

/** The first bytes of a regular file. */
export function readHead(path: string, bytes: number): Buffer | undefined {
  let fd: number;
  try {
    // Non-blocking, as opening a named pipe would wait for its other end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const head = Buffer.alloc(bytes);
    return head.subarray(0, readSync(fd, head));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** @param program an absolute path */
export function pythonLayout(program: string): PythonLayout | NoPython {
  const names = namesOf(program);
  const real = names.at(-1) as string;
  const kind = programKind(real);
  if (kind === "script")
    return { problem: "is a script, which would choose a Python by the directory it is started in" };
  if (kind !== "elf") return { problem: "is not an executable of this system" };
  // Version managers have one program that acts by the name it is called with.
  if (!/^python[\d.]*[a-z]*(-dbg)?$/.test(basename(real))) return { problem: `is ${real}, which is no CPython` };
  const environment = environmentOf(program);
  const home = environment?.settings.get("home");
  if (home !== undefined && !home.startsWith("/"))
    return {
      problem: `belongs to a virtual environment made from ${JSON.stringify(home)}, which is not an absolute path`,
    };
  const starts = [...(home === undefined ? [] : [home]), dirname(realpathSync(real)), dirname(real)];
  const versions = versionsOf(names, environment);
  const results = [...new Set(starts)].map((start) => findLibrary(start, versions));
  const libraries = results.filter((result): result is Library => !("problem" in result));
  const [first] = libraries;
  if (first === undefined) return results[0] as NoPython;
  const { prefix, version, library } = first;
  if (Number(/^3\.(\d+)/.exec(version)?.[1]) < MINOR_MIN)
    return { problem: `is Python ${version}; 3.${MINOR_MIN} or newer is needed` };
  const shared = environment === undefined || environment.settings.get("include-system-site-packages") === "true";
  return {
    version,
    prefixes: [
      ...(environment === undefined ? [] : [environment.directory]),
      ...new Set(libraries.map((found) => found.prefix)),
    ],
    environment: environment?.directory,
    library,
    importPaths: [
      library,
      join(library, "lib-dynload"),
      ...(environment === undefined ? [] : [...siteDirectories(environment.directory, version), environment.file]),
      ...(shared ? siteDirectories(prefix, version) : []),
    ],
  };
}

interface Environment {
  readonly directory: string;
  readonly file: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** The virtual environment that a program belongs to by where it is called, not by where its links lead (PEP 405). */
function environmentOf(program: string): Environment | undefined {
  for (const directory of [dirname(program), dirname(dirname(program))]) {
    const file = join(directory, "pyvenv.cfg");
    const text = readHead(file, SETTINGS_BYTES_MAX)?.toString("utf8");
    if (text === undefined) continue;
    const settings = text.split("\n").flatMap((line) => {
      const equals = line.indexOf("=");
      return equals < 0 ? [] : [[line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim()] as const];
    });
    return { directory, file, settings: new Map(settings) };
  }
  return undefined;
}

/** Versions the program may have by its names or its virtual environment, surest first; empty when nothing tells. */
function versionsOf(names: readonly string[], environment: Environment | undefined): string[] {
  const named = names.flatMap((name) => /^python(3\.\d+t?)/.exec(basename(name))?.[1] ?? []).reverse();
  const settled = environment?.settings.get("version") ?? environment?.settings.get("version_info") ?? "";
  return [...named, ...(/^3\.\d+/.exec(settled) ?? [])];
}

interface Library {
  readonly prefix: string;
  readonly version: string;
  readonly library: string;
}

/** The nearest directory above that has the library of the version; without one to look for, of the only one there. */
function findLibrary(start: string, versions: readonly string[]): Library | NoPython {
  // All of / is never shown to guests as a Python's own.
  for (let prefix = start; prefix !== "/"; prefix = dirname(prefix)) {
    const found = librariesIn(prefix, versions);
    if (found.length === 1) return found[0] as Library;
    if (found.length > 1) {
      const all = found.map(({ version }) => version).join(", ");
      return { problem: `may be any of ${all}: its name does not tell, and ${prefix} has the library of each` };
    }
  }
  return { problem: `has no standard library in a directory above ${start}` };
}

function librariesIn(prefix: string, versions: readonly string[]): Library[] {
  const found = new Map<string, Library>();
  for (const name of LIBRARY_DIRECTORIES) {
    const here = join(prefix, name);
    const candidates = (versions.length > 0 ? versions.slice(0, 1) : versionsIn(here)).filter((candidate) =>
      existsSync(join(here, `python${candidate}`, "os.py")),
    );
    for (const one of candidates)
      if (!found.has(one)) found.set(one, { prefix, version: one, library: join(here, `python${one}`) });
  }
  return [...found.values()];
}

function versionsIn(directory: string): string[] {
  try {
    return readdirSync(directory).flatMap((name) => /^python(3\.\d+t?)$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** What `site` adds: packages installed by pip, and on Debian by the system as well. */
function siteDirectories(prefix: string, version: string): string[] {
  const prefixes = isBelow(prefix, "/usr") ? [prefix, "/usr/local"] : [prefix];
  return [
    ...prefixes.flatMap((one) =>
      LIBRARY_DIRECTORIES.map((name) => join(one, name, `python${version}`, "site-packages")),
    ),
    ...(prefixes.length > 1 ? [`/usr/local/lib/python${version}/dist-packages`, "/usr/lib/python3/dist-packages"] : []),
  ];
}
