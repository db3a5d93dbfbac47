import { toByteString } from "../../base/byte-string.ts";
import { ZtlError } from "../../errors.ts";
import { LinuxError } from "../errno.ts";
import { Descriptors } from "../files/descriptors.ts";
import { OutputFile } from "../files/standard-streams.ts";
import type { Kernel } from "../kernel.ts";
import { loadProgram } from "../loader/program.ts";
import { startAt } from "../process/exec.ts";
import { identityOf } from "../process/identity.ts";
import { Process, type ResourceLimit } from "../process/process.ts";
import { SavedCpu, Task } from "../process/task.ts";
import { FileType, type Location } from "../vfs/index.ts";

/** The first program of a run. Strings are text; they reach the guest as UTF-8. */
export interface ProgramSpec {
  /** Path, or a name looked up in the PATH of `env`. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Gives the program the job descriptor, number 3. */
  readonly job?: boolean;
}

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
/** RLIMIT numbers (asm-generic/resource.h). */
const RLIMIT_STACK = 3;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const RLIMIT_NICE = 13;
const RLIMIT_RTPRIO = 14;
/** Descriptors a guest process may have; the run's own limit on open files lies below it and ends the run first. */
const DESCRIPTORS_MAX = 4096;

function initialLimits(): Map<number, ResourceLimit> {
  const limits = new Map<number, ResourceLimit>();
  for (let resource = 0; resource < 16; resource++) limits.set(resource, { soft: Infinity, hard: Infinity });
  limits.set(RLIMIT_STACK, { soft: 8 * 1024 * 1024, hard: Infinity });
  limits.set(RLIMIT_CORE, { soft: 0, hard: Infinity });
  for (const resource of [RLIMIT_NICE, RLIMIT_RTPRIO]) limits.set(resource, { soft: 0, hard: 0 });
  limits.set(RLIMIT_NOFILE, { soft: DESCRIPTORS_MAX, hard: DESCRIPTORS_MAX });
  return limits;
}

/** Starts a run's first process; throws a ZtlError that says what is wrong with the program. */
export function spawnProgram(kernel: Kernel, spec: ProgramSpec): Process {
  for (const text of [spec.path, spec.cwd, ...spec.argv, ...Object.entries(spec.env).flat()]) {
    if (text.includes("\0"))
      throw new ZtlError("program-invalid", "A program's path, arguments and environment cannot hold null characters.");
  }
  const cwd = resolveDirectory(kernel, spec.cwd);
  const environment = Object.entries(spec.env).map(([key, value]) => toByteString(`${key}=${value}`));
  const { location, path } = findProgram(kernel, spec, cwd);
  const loaded = explain(spec.path, () =>
    loadProgram(kernel, {
      location,
      path,
      environment,
      cwd,
      credentials: kernel.credentials,
      argv: spec.argv.map((argument) => toByteString(argument)),
      random: kernel.random(new Uint8Array(16)),
    }),
  );
  const pid = kernel.allocatePid();
  const limits = initialLimits();
  const process = new Process(pid, undefined, {
    memory: loaded.memory,
    files: new Descriptors(kernel.openFiles, DESCRIPTORS_MAX),
    fs: { root: kernel.vfs.root, cwd, umask: 0o022 },
    identity: identityOf(kernel.credentials),
    processGroup: pid,
    session: pid,
    limits,
  });
  process.files.place(0, kernel.stdin);
  process.files.place(1, new OutputFile(kernel.output, "stdout", kernel.credentials));
  process.files.place(2, new OutputFile(kernel.output, "stderr", kernel.credentials));
  if (spec.job) process.files.place(3, kernel.job);
  const task = new Task(pid, process, new SavedCpu(kernel.cpu.initialFpu), "");
  process.tasks.add(task);
  startAt(kernel, task, loaded, environment);
  kernel.processes.set(pid, process);
  kernel.scheduler.add(task);
  return process;
}

function resolveDirectory(kernel: Kernel, path: string): Location {
  try {
    const location = kernel.vfs.resolveFromRoot(toByteString(path));
    if (location.inode.type === FileType.directory) return location;
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
  throw new ZtlError(
    "cwd-not-found",
    `The working directory ${JSON.stringify(path)} does not exist in the guest. Mount it, or name another with cwd.`,
  );
}

/** Finds the program as execvp(3) does. */
function findProgram(kernel: Kernel, spec: ProgramSpec, cwd: Location): { location: Location; path: string } {
  const name = toByteString(spec.path);
  const candidates = name.includes("/")
    ? [name]
    : (spec.env.PATH ?? DEFAULT_PATH).split(":").map((directory) => `${toByteString(directory) || "."}/${name}`);
  for (const path of candidates) {
    try {
      const location = kernel.vfs.resolve(cwd, path, { followLast: true, credentials: kernel.credentials });
      if (location.inode.type === FileType.directory && !name.includes("/")) continue;
      return { location, path };
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      if (error.name === "ELOOP" || error.name === "ENAMETOOLONG") throw describe(spec.path, error);
    }
  }
  throw new ZtlError(
    "program-not-found",
    `No program ${JSON.stringify(spec.path)} in the guest. Check the name, or mount the directory that has it.`,
  );
}

function explain<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw error instanceof LinuxError ? describe(path, error) : error;
  }
}

function describe(path: string, error: LinuxError): ZtlError {
  const shown = JSON.stringify(path);
  switch (error.name) {
    case "ENOENT":
    case "ENOTDIR":
      return new ZtlError(
        "program-not-found",
        `The interpreter or dynamic loader that ${shown} names does not exist in the guest.`,
      );
    case "EACCES":
      return new ZtlError("program-not-executable", `${shown} is a directory or not marked executable.`);
    case "ENOEXEC":
      return new ZtlError("program-invalid", `${shown} is not a sound x86-64 ELF program or #! script.`);
    case "E2BIG":
      return new ZtlError(
        "arguments-too-long",
        `The arguments and environment for ${shown} are longer than Linux accepts (131071 bytes each, 2 MiB together). Pass large data through a file or standard input.`,
      );
    default:
      return new ZtlError("program-not-executable", `${shown} cannot be run: ${error.name}.`, { errno: error.name });
  }
}
