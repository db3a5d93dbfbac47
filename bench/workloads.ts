import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunResult, Sandbox } from "../src/index.ts";
import { ISOLATION } from "./native.ts";
import { round, summarise } from "./statistics.ts";

/** Real work, natively, in bubblewrap and in the micro-VM: what makes many system calls is where a sandbox can be slow. */

export interface Workload {
  readonly name: string;
  /** What the shell is given, in the directory that {@link makeFiles} made. */
  readonly command: string;
  /** Most of its calls ask for files. */
  readonly asksForFiles: boolean;
}

export const WORKLOADS: readonly Workload[] = [
  { name: "find-grep", command: "find tree -type f | xargs grep -l hello | wc -l", asksForFiles: true },
  { name: "tar", command: "tar cf - tree more | wc -c", asksForFiles: true },
  { name: "git-status", command: "git -C repository status --short | wc -l", asksForFiles: true },
  { name: "pipes", command: "ls /usr | head -3; echo hi | sort", asksForFiles: false },
  { name: "bash-true", command: "true", asksForFiles: false },
];

const FILES = 2000;
const FILES_PER_DIRECTORY = 50;

/** Twice 2,000 small files and a repository of as many, in a directory of its own. */
export function makeFiles(): string {
  const root = mkdtempSync(join(tmpdir(), "ztl-workloads-"));
  for (const tree of ["tree", "more", "repository"]) makeTree(join(root, tree));
  const git = (...args: string[]): void => {
    const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
    execFileSync("git", ["-C", join(root, "repository"), ...identity, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  };
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "all");
  return root;
}

function makeTree(root: string): void {
  for (let i = 0; i < FILES; i++) {
    const directory = join(root, `directory-${Math.floor(i / FILES_PER_DIRECTORY)}`);
    if (i % FILES_PER_DIRECTORY === 0) mkdirSync(directory, { recursive: true });
    const word = i % 10 === 0 ? "hello" : "nothing";
    writeFileSync(join(directory, `file-${i}.txt`), `${`line of file ${i}\n`.repeat(1 + (i % 90))}${word}\n`);
  }
}

export interface WorkloadFigures {
  readonly name: string;
  readonly command: string;
  readonly nativeMs: number;
  readonly bubblewrapMs: number | undefined;
  readonly guestMs: number;
  /** The guest's median over the native one. */
  readonly timesNative: number;
  readonly exits: number;
  readonly syscalls: number;
  readonly exitsPerCall: number;
}

/** Medians of `rounds` of each, in turn; the guest's second and later runs in one cell. */
export async function measureWorkloads(rounds: number, names: readonly string[]): Promise<WorkloadFigures[]> {
  const root = makeFiles();
  try {
    const mount = { kind: "overlay", host: root, guest: root } as const;
    await using sandbox = await Sandbox.open({ cells: 1, prewarm: ["shell"], mounts: [mount] });
    const figures: WorkloadFigures[] = [];
    for (const workload of WORKLOADS) {
      if (names.length === 0 || names.includes(workload.name))
        figures.push(await measure(workload, sandbox, root, rounds));
    }
    return figures;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function measure(workload: Workload, sandbox: Sandbox, root: string, rounds: number): Promise<WorkloadFigures> {
  const command = `cd ${root}; ${workload.command}`;
  const expected = runNatively(["bash", "-c", command]).stdout;
  const native: number[] = [];
  const bubblewrap: number[] = [];
  const guest: number[] = [];
  const hasBubblewrap = spawnSync("bwrap", [...ISOLATION, "true"]).status === 0;
  const inBubblewrap = [...ISOLATION, "--ro-bind", root, root, "bash", "-c", command];
  let run = await inGuest(sandbox, command, expected);
  for (let i = 0; i < rounds; i++) {
    native.push(runNatively(["bash", "-c", command]).ms);
    if (hasBubblewrap) bubblewrap.push(runNatively(["bwrap", ...inBubblewrap]).ms);
    run = await inGuest(sandbox, command, expected);
    guest.push(run.timingsMs.total);
  }
  const { exits, syscalls } = run.diagnostics;
  const nativeMs = summarise(native).p50;
  const guestMs = summarise(guest).p50;
  return {
    name: workload.name,
    command: workload.command,
    nativeMs,
    bubblewrapMs: hasBubblewrap ? summarise(bubblewrap).p50 : undefined,
    guestMs,
    timesNative: round(guestMs / nativeMs),
    exits,
    syscalls,
    exitsPerCall: round(exits / syscalls),
  };
}

/** Runs it in the guest, where it must print the same. */
export async function inGuest(sandbox: Sandbox, command: string, expected: string): Promise<RunResult> {
  const run = await sandbox.run({ tool: "shell", code: command, limits: { wallMs: 120_000, cpuMs: 120_000 } });
  if (run.status !== "ok" || run.stdoutText !== expected)
    throw new Error(`${command} ended ${run.status} and printed ${run.stdoutText}${run.stderrText}, not ${expected}`);
  return run;
}

export function runNatively([program = "", ...args]: readonly string[]): {
  readonly ms: number;
  readonly stdout: string;
} {
  const started = performance.now();
  const stdout = execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return { ms: performance.now() - started, stdout };
}

export function workloadLine(figures: WorkloadFigures): string {
  const { name, nativeMs, bubblewrapMs, guestMs, timesNative, exits, syscalls, exitsPerCall } = figures;
  const ms = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(1)).padStart(9);
  return `${name.padEnd(12)}${ms(nativeMs)}${ms(bubblewrapMs)}${ms(guestMs)}${timesNative.toFixed(1).padStart(8)}${String(exits).padStart(9)}${String(syscalls).padStart(9)}${exitsPerCall.toFixed(2).padStart(7)}`;
}

export const WORKLOAD_HEADING = `${"".padEnd(12)}${["native ms", "bwrap", "VM", "times", "exits", "calls", "each"].map((word, i) => word.padStart([9, 9, 9, 8, 9, 9, 7][i] ?? 9)).join("")}`;
