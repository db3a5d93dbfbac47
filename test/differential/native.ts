import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a program did, whoever ran it. */
export interface Observed {
  /** Exit code, or the name of the signal that ended it. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A native run that takes longer than this is broken: every case needs well under a second of computing. */
const TIMEOUT_MS = 60_000;

/**
 * Runs a program on this machine in an empty directory of its own. Its standard streams are pipes, as in the micro-VM;
 * what Node makes are sockets, which /dev/stdout cannot reopen, so a shell puts `cat` in between.
 */
export async function runNatively(
  argv: readonly string[],
  options: {
    readonly env: Record<string, string>;
    readonly stdin?: string | undefined;
    readonly prepare?: (directory: string) => void;
  },
): Promise<Observed> {
  const directory = mkdtempSync(join(tmpdir(), "ztl-native-"));
  options.prepare?.(directory);
  const child = spawn("bash", ["-c", 'exec "$@" > >(exec cat) 2> >(exec cat >&2)', "bash", ...argv], {
    cwd: directory,
    env: options.env,
    timeout: TIMEOUT_MS,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  child.stdin.on("error", () => {}); // A program may end without reading its input.
  child.stdin.end(options.stdin ?? "");
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once("close", (...ending) => resolve(ending)),
  );
  rmSync(directory, { recursive: true, force: true });
  return { status: signal ?? code ?? "none", stdout: normalise(out, directory), stderr: normalise(err, directory) };
}

/** Takes out what may differ: the scratch directory's name, process ids in bash's messages, addresses. */
export function normalise(pieces: readonly Uint8Array[], directory: string): string {
  return Buffer.concat(pieces)
    .toString("latin1")
    .replaceAll(directory, "SCRATCH")
    .replace(/(line \d+:) +\d+ /g, "$1 PID ")
    .replace(/0x[0-9a-f]{6,}/g, "0xADDRESS");
}
