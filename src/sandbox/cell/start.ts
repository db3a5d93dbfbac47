import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** main.ts in a clone, main.js in the built package. */
export const CELL_PROGRAM = fileURLToPath(
  new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

export interface StartOptions {
  /** Descriptor of a sealed memory image, inherited by the cell. */
  readonly memoryFd?: number | undefined;
  /** Node's compile cache; makes the start of a cell several times faster. */
  readonly compileCache?: string | undefined;
}

/** A cell's process, as its handle needs it. */
export interface StartedCell {
  readonly child: ChildProcess;
  /** The host's end of the channel. */
  readonly channel: Duplex;
  /** Only the cell's own failures appear there, never guest output. */
  readonly stderr: Readable;
}

/** Starts the process of one cell. That it could not be started is told by the child's `error` event. */
export function startCell(options: StartOptions, program: string = CELL_PROGRAM): StartedCell {
  const child = spawn(process.execPath, ["--no-warnings", "--expose-gc", program], {
    // The host's environment may hold secrets, so none of it is passed on.
    env: options.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: options.compileCache },
    stdio: ["ignore", "ignore", "pipe", "pipe", options.memoryFd ?? "ignore"],
    // A process group of its own: a Ctrl-C meant for the host does not reach it, and it can be killed as a whole.
    detached: true,
    cwd: "/",
  });
  return { child, channel: child.stdio[3] as Duplex, stderr: child.stdio[2] as Readable };
}
