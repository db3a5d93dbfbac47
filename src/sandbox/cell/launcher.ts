import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { KernelConfig, MountSpec } from "../../linux/index.ts";
import type { RunLimits } from "../../linux/limits.ts";
import { Launcher, type Layer } from "../../vmm/index.ts";

/** main.ts in a clone, main.js in the built package. */
const CELL_PROGRAM = fileURLToPath(
  new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

const MEBIBYTE = 1024 * 1024;
/**
 * JavaScript's own heap, without the contents of files and guest memory. A call's arguments may have 192 MiB as text
 * (REQUEST_LIMITS), of which there are several copies while they are parsed.
 */
const HEAP_MEBIBYTES = 1024;
/**
 * Room for young objects. V8 itself makes it so large within a few dozen runs, but halves it for good when a guest's memory
 * is mapped, which looks to it like a sudden lack of memory. At this size there is a collection in every 60th call or so.
 */
const YOUNG_MEBIBYTES = 4;
/** A small machine's memory, made to find out how this host delivers `syscall` (vmm/syscall-ring.ts), is a file, too. */
const FILE_BYTES_MAX = 64 * MEBIBYTE;

/** Node's threads are some ten, its launcher one, and KVM may make another; no run needs more. */
const TASKS_MAX = 64;
/** A cell computes with one thread, beside which its garbage collector works. */
const PROCESSORS = 2;
/** Node itself, the pages that KVM keeps, and what the kernel holds for a cell: less than 200 MiB together. */
const MEMORY_MARGIN_BYTES = 256 * MEBIBYTE;

/**
 * More than a cell takes whose run keeps to its limits: guest memory, files, output, and JavaScript's heap at its largest. A
 * second bound behind those limits, kept by the kernel.
 */
export function cellMemoryBytes({ memoryBytes, overlayBytes, outputBytes }: CellMemory): number {
  return memoryBytes + overlayBytes + outputBytes + HEAP_MEBIBYTES * MEBIBYTE + MEMORY_MARGIN_BYTES;
}

type CellMemory = Pick<RunLimits, "memoryBytes" | "overlayBytes" | "outputBytes">;

/** What cells of one kind have in common. */
export interface CellKind {
  /** What their guests are shown. */
  readonly mounts: readonly MountSpec[];
  /** Directories of the host that are empty for them, whatever around these is mounted. */
  readonly masked?: readonly string[] | undefined;
  /** Node's compile cache, which they read; makes their start several times faster. */
  readonly compileCache?: string | undefined;
  /** Lets them write that cache: only for one that never sees a guest's bytes. */
  readonly fillsCompileCache?: boolean;
  /** The largest file they may write, above what every cell needs. */
  readonly fileBytesMax?: number;
  /** What their guests' memory, files and output may come to; see {@link cellMemoryBytes}. */
  readonly memoryBytes: number;
  /** The program that is the cell, where it is not ours: tests have hostile ones. */
  readonly program?: string | undefined;
  /** Walls left away: for tests. */
  readonly without?: readonly Layer[] | undefined;
}

/** Starts cells of one kind, confined from their first instruction on. */
export function cellLauncher(kind: CellKind): Launcher {
  const { compileCache, program = CELL_PROGRAM } = kind;
  const guestPaths = kind.mounts.flatMap((mount) => ("host" in mount ? [mount.host] : []));
  return new Launcher({
    program: process.execPath,
    argv: [process.execPath, ...nodeFlags(), program],
    // The host's environment may hold secrets, so none of it is passed on.
    env: compileCache === undefined ? [] : [`NODE_COMPILE_CACHE=${compileCache}`],
    readable: [...guestPaths, dirname(program), ...(compileCache === undefined ? [] : [compileCache])],
    masked: kind.masked,
    writable: kind.fillsCompileCache === true ? compileCache : undefined,
    fileBytesMax: FILE_BYTES_MAX + (kind.fileBytesMax ?? 0),
    group: { memoryBytes: kind.memoryBytes, tasks: TASKS_MAX, processors: PROCESSORS },
    without: kind.without,
  });
}

/** What is hidden from guests is not there for a cell that was taken over, either. */
export function maskedBy({ hidden }: KernelConfig): string[] {
  return hidden === undefined ? [] : [...hidden.paths, ...hidden.mountPoints];
}

function nodeFlags(): string[] {
  const flags = [
    "--no-warnings",
    // The cell collects garbage itself (heap.ts).
    "--expose-gc",
    `--max-old-space-size=${HEAP_MEBIBYTES}`,
    `--min-semi-space-size=${YOUNG_MEBIBYTES}`,
    // Nothing here makes code from text, and nothing shall.
    "--disallow-code-generation-from-strings",
  ];
  // No inspector that a signal could start; Node has the flag since 22.14.
  if (process.allowedNodeEnvironmentFlags.has("--disable-sigusr1")) flags.push("--disable-sigusr1");
  return flags;
}
