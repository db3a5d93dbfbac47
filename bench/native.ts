import { execFile, execFileSync, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { DEFAULT_PRELOAD } from "../src/sandbox/templates/python-job.ts";

/** The same Python outside a micro-VM, for comparison. */

export const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();

const IMPORTS = `import ${DEFAULT_PRELOAD.join(", ")}\n`;
export const ISOLATION = [
  "--ro-bind",
  "/",
  "/",
  "--dev",
  "/dev",
  "--proc",
  "/proc",
  "--tmpfs",
  "/tmp",
  "--unshare-all",
  "--die-with-parent",
];

export function hasBubblewrap(): boolean {
  return spawnSync("bwrap", [...ISOLATION, "true"]).status === 0;
}

/** Milliseconds that bubblewrap takes to start Python with the template's imports and run this code. */
export function timeBubblewrap(code: string): number {
  const started = performance.now();
  execFileSync("bwrap", [...ISOLATION, python, "-c", IMPORTS + code], { stdio: ["ignore", "pipe", "inherit"] });
  return performance.now() - started;
}

/** Rounds of `code` per second that so many native processes make together, their start not counted. */
export async function nativeThroughput(code: string, rounds: number, atOnce: number): Promise<number> {
  const script = `import time\nt = time.perf_counter()\nfor round in range(${rounds}):\n    ${code}\nprint(time.perf_counter() - t)`;
  const seconds = await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const { stdout } = await promisify(execFile)(python, ["-c", script]);
      return Number(stdout.trim().split("\n").at(-1));
    }),
  );
  return seconds.reduce((sum, each) => sum + rounds / each, 0);
}

export function runNative(code: string): string {
  return execFileSync(python, ["-c", code], { encoding: "utf8" });
}
