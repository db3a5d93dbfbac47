import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { MountSpec } from "../../linux/index.ts";
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
/** A small machine's memory, made to find out how this host delivers `syscall` (vmm/syscall-ring.ts), is a file, too. */
const FILE_BYTES_MAX = 64 * MEBIBYTE;

/** What cells of one kind have in common. */
export interface CellKind {
  /** What their guests are shown. */
  readonly mounts: readonly MountSpec[];
  /** Node's compile cache, which they read; makes their start several times faster. */
  readonly compileCache?: string | undefined;
  /** Lets them write that cache: only for one that never sees a guest's bytes. */
  readonly fillsCompileCache?: boolean;
  /** The largest file they may write, above what every cell needs. */
  readonly fileBytesMax?: number;
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
    writable: kind.fillsCompileCache === true ? compileCache : undefined,
    fileBytesMax: FILE_BYTES_MAX + (kind.fileBytesMax ?? 0),
    without: kind.without,
  });
}

function nodeFlags(): string[] {
  const flags = [
    "--no-warnings",
    // The cell collects garbage itself (heap.ts).
    "--expose-gc",
    `--max-old-space-size=${HEAP_MEBIBYTES}`,
    // Nothing here makes code from text, and nothing shall.
    "--disallow-code-generation-from-strings",
  ];
  // No inspector that a signal could start; Node has the flag since 22.14.
  if (process.allowedNodeEnvironmentFlags.has("--disable-sigusr1")) flags.push("--disable-sigusr1");
  return flags;
}
