import { execFile } from "node:child_process";
import { readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { ZtlError } from "../../errors.ts";
import type { MountSpec } from "../../linux/index.ts";

/** A Python of this host, as it describes itself. */
export interface HostPython {
  readonly executable: string;
  readonly version: string;
  /** What must be visible for it to run, at the same places as on the host. */
  readonly mounts: readonly MountSpec[];
  /** The executable, and the directories that decide what `import` finds: a change there makes a template stale. */
  readonly watch: readonly string[];
}

/** Asking the interpreter, not the file system, is what makes shims (pyenv, asdf) and virtual environments work. */
const QUESTION = `
import json, sys
print(json.dumps({
  "executable": sys.executable, "version": sys.version.split()[0], "implementation": sys.implementation.name,
  "prefixes": [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix],
  "path": [p for p in sys.path if p], "info": list(sys.version_info[:2]),
}))
`;
/** An interpreter that needs longer to start than this is broken (a shim takes some 0.2 s). */
const ANSWER_TIMEOUT_MS = 10_000;

const answerSchema = z.object({
  executable: z.string().startsWith("/"),
  version: z.string(),
  implementation: z.string(),
  prefixes: z.array(z.string().startsWith("/")),
  path: z.array(z.string()),
  info: z.tuple([z.number(), z.number()]),
});

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

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Mounts for directories of the host, each where it is called and where it really is. */
function mountPlaces(directories: readonly string[], home: string | undefined): MountSpec[] {
  const mounts = new Map<string, MountSpec>();
  for (const directory of directories) {
    const real = realpathSync(directory);
    for (const guest of [directory, real]) {
      if (ALWAYS_VISIBLE.some((visible) => isBelow(guest, visible))) continue;
      if (TOO_WIDE.has(guest) || guest === home) {
        throw new ZtlError(
          "python-prefix-too-wide",
          `python3 names ${guest} as its prefix; that is not shown to guests`,
          {
            prefix: guest,
            remedy: "use a python3 with a prefix of its own: a virtual environment, pyenv, uv or the distribution's",
          },
        );
      }
      mounts.set(guest, { guest, kind: "ro", host: real });
    }
  }
  const places = [...mounts.keys()];
  return [...mounts.values()].filter(({ guest }) => !places.some((other) => other !== guest && isBelow(guest, other)));
}

/** The symbolic links on the way to the real executable that no mount shows, as links (virtual environments have some). */
function linkMounts(executable: string, mounts: readonly MountSpec[]): MountSpec[] {
  const visible = [...ALWAYS_VISIBLE, ...mounts.map((mount) => mount.guest)];
  const links: MountSpec[] = [];
  let path = executable;
  // Linux gives up after 40 links too (path_resolution(7)).
  for (let hops = 0; hops < 40; hops++) {
    let target: string;
    try {
      target = readlinkSync(path);
    } catch {
      if (!visible.some((directory) => isBelow(path, directory)))
        links.push({ guest: path, kind: "ro", host: realpathSync(path) });
      return links;
    }
    const linkPath = path;
    if (!visible.some((directory) => isBelow(linkPath, directory)))
      links.push({ guest: linkPath, kind: "symlink", target });
    path = resolve(dirname(path), target);
  }
  return links;
}

function hostEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON") || name === "PYTHONHOME");
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * Describes the host's `python3` (or another program). Throws ZtlError `python-not-found` when there is none,
 * `python-unusable` when it does not answer or is not CPython >= 3.8.
 */
export async function findHostPython(program = "python3"): Promise<HostPython> {
  let answer: string;
  try {
    // -S -E would be faster, but it is the paths with site-packages that are wanted.
    const options = { timeout: ANSWER_TIMEOUT_MS, env: hostEnvironment(), maxBuffer: 1024 * 1024 };
    answer = (await promisify(execFile)(program, ["-c", QUESTION], options)).stdout;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ZtlError(
      missing ? "python-not-found" : "python-unusable",
      missing ? `There is no ${program} on this host's PATH` : `${program} did not answer: ${String(error)}`,
      { program, remedy: "install python3, or name another with the option python.program" },
      { cause: error },
    );
  }
  return describe(program, answer);
}

function describe(program: string, answer: string): HostPython {
  const parsed = answerSchema.safeParse(parseJson(answer));
  if (!parsed.success)
    throw new ZtlError("python-unusable", `${program} gave an unexpected answer`, { answer: answer.slice(0, 500) });
  const { executable, version, implementation, prefixes, path, info } = parsed.data;
  if (implementation !== "cpython" || info[0] !== 3 || info[1] < 8) {
    throw new ZtlError("python-unusable", `${program} is ${implementation} ${version}; CPython 3.8 or newer is needed`);
  }
  const own = dirname(dirname(realpathSync(executable)));
  const mounts = mountPlaces([...prefixes, own], process.env.HOME);
  return {
    executable,
    version,
    mounts: [...mounts, ...linkMounts(executable, mounts)],
    watch: [executable, ...new Set(path)].filter((place) => place.startsWith("/")),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
