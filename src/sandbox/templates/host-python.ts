import { dirname, isAbsolute, join, resolve } from "node:path";
import { ZtlError } from "../../errors.ts";
import type { MountSpec } from "../../linux/index.ts";
import { behindShim } from "../host-programs/pyenv.ts";
import { type PythonLayout, pythonLayout } from "../host-programs/python-layout.ts";
import { pythonMounts, tooWide } from "../host-programs/python-mounts.ts";
import { isExecutable, parseSearchPath, programsNamed } from "../host-programs/search-path.ts";
import {
  currentDirectory,
  holdsProject,
  type Objection,
  objectionTo,
  type ProjectPlaces,
  projectPlaces,
} from "../host-programs/trust.ts";
import { wayTo } from "../host-programs/way.ts";

/**
 * The Python that guests see. It is found by reading alone: nothing is started on this host to learn about it, as a Python
 * that starts runs what lies in its directories, and in the working directory if it is told to.
 */
export interface HostPython {
  readonly executable: string;
  /** Such as `3.12`. */
  readonly version: string;
  /** What must be visible for it to run, at the same places as on the host. */
  readonly mounts: readonly MountSpec[];
  /** The executable, and the directories that decide what `import` finds: a change there makes a template stale. */
  readonly watch: readonly string[];
  /** What came before it in PATH and was left alone. */
  readonly passedOver: readonly SkippedPython[];
}

export interface PythonChoice {
  /** A path, which is taken as it is, or a name to look for. Default: `python3`. */
  readonly program?: string | undefined;
  /** Host directories that guests see: what lies there is not taken unless it is named. */
  readonly mounts?: readonly string[];
  /** Default: the process's own. */
  readonly searchPath?: string | undefined;
  readonly workingDirectory?: string | undefined;
}

/** A Python that was found and not taken, or a place that was not searched. */
export interface SkippedPython extends Objection {
  readonly path: string;
}

/** As the beginning of a sentence: the reason is about the program, or about something on the way to it. */
export function tellSkipped({ path, reason }: Omit<SkippedPython, "remedy">): string {
  return reason.startsWith("/") ? `${path}: ${reason}` : `${path} ${reason}`;
}

export interface PythonSearch {
  readonly python: HostPython | undefined;
  readonly skipped: readonly SkippedPython[];
}

/**
 * The Python of this host that guests shall have. Throws ZtlError `python-not-found` when there is none, `python-unusable`
 * when the one that was named is no CPython >= 3.8, or when every one that was found had to be left alone.
 */
export function findHostPython(choice: PythonChoice = {}): HostPython {
  const { program } = choice;
  if (program?.includes("/") === true) return namedPython(program, choice.workingDirectory ?? currentDirectory());
  const { python, skipped } = searchPython(choice);
  if (python !== undefined) return python;
  const name = program ?? "python3";
  const found = skipped.map((one) => `\n  ${tellSkipped(one)}`).join("");
  throw new ZtlError(
    found === "" ? "python-not-found" : "python-unusable",
    found === "" ? `There is no ${name} on this host's PATH` : `No ${name} of this host can be used:${found}`,
    {
      program: name,
      remedy: "install python3, or name one by its path: --python-program, or the option python.program",
    },
  );
}

const NAME_IT = "name the interpreter itself: --python-program, or the option python.program";
const WIDE_REMEDY = "use a python3 with a prefix of its own: a virtual environment, pyenv, uv or the distribution's";

function namedPython(program: string, workingDirectory: string | undefined): HostPython {
  const path = isAbsolute(program) ? program : resolve(workingDirectory ?? "/", program);
  const fail = (code: string, problem: string, remedy = "name the interpreter itself"): never => {
    throw new ZtlError(code, `${path} ${problem}`, { program: path, remedy });
  };
  if (!isExecutable(path)) return fail("python-not-found", "cannot be executed, or is not there");
  const layout = pythonLayout(path);
  if ("problem" in layout) return fail("python-unusable", layout.problem);
  const wide = tooWide(layout.prefixes);
  if (wide !== undefined) return fail("python-prefix-too-wide", widePrefix(wide), WIDE_REMEDY);
  return describe(path, layout);
}

/** Looks through PATH for the first Python that nobody but root and this user can have put there. */
export function searchPython(choice: PythonChoice = {}): PythonSearch {
  const path = parseSearchPath(choice.searchPath ?? process.env.PATH);
  const places = projectPlaces(choice.workingDirectory ?? currentDirectory(), choice.mounts ?? []);
  const skipped: SkippedPython[] = path.relative.map((entry) => ({
    path: `PATH entry ${JSON.stringify(entry)}`,
    reason: "means another place in each working directory, so it is not searched",
    remedy: "keep absolute directories only in PATH: what is typed there is started from the working directory, too",
  }));
  for (const program of programsNamed(choice.program ?? "python3", path)) {
    const found = examine(program, places);
    if ("executable" in found) return { python: { ...found, passedOver: skipped }, skipped };
    skipped.push({ path: program, ...found });
  }
  return { python: undefined, skipped };
}

function examine(found: string, places: ProjectPlaces): HostPython | Objection {
  const shim = behindShim(found);
  const program = shim?.program ?? found;
  if (shim !== undefined && !isExecutable(program))
    return { reason: `is a shim for ${program}, which is not there`, remedy: "`pyenv global` chooses another" };
  const layout = pythonLayout(program);
  const parts = "problem" in layout ? [] : [layout.library, join(layout.library, "os.py")];
  for (const path of [found, program, ...(shim === undefined ? [] : [shim.chosenBy]), ...parts]) {
    const way = wayTo(path);
    const objection =
      way === undefined ? { reason: `${path} cannot be read`, remedy: NAME_IT } : objectionTo(way, places);
    if (objection !== undefined) return objection;
  }
  if ("problem" in layout) return { reason: layout.problem, remedy: NAME_IT };
  const { environment } = layout;
  if (environment !== undefined && holdsProject(dirname(environment), places))
    return { reason: `belongs to ${environment}, a virtual environment of the project`, remedy: NAME_IT };
  const wide = tooWide(layout.prefixes);
  if (wide !== undefined) return { reason: widePrefix(wide), remedy: WIDE_REMEDY };
  return describe(program, layout);
}

function describe(executable: string, layout: PythonLayout): HostPython {
  return {
    executable,
    version: layout.version,
    mounts: pythonMounts(executable, layout.prefixes),
    watch: [executable, ...new Set(layout.importPaths)],
    passedOver: [],
  };
}

function widePrefix(prefix: string): string {
  return `has ${prefix} as its prefix, which is not shown to guests`;
}
