import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, Kernel } from "../../src/linux/index.ts";
import { Machine } from "../../src/vmm/index.ts";
import { patiently } from "../patience.ts";

/** How a program ended and what it wrote, in the same words for both worlds. */
export interface Result {
  readonly ending: string;
  readonly stdout: string;
  readonly stderr: string;
}

const SOURCES = import.meta.dirname;
const ENVIRONMENT = { PATH: "/usr/bin:/bin", HOME: "/tmp", LANG: "C" };
/** A guest's memory: the largest program here maps 64 MiB and forks. */
const MEMORY_BYTES = 512 * 1024 * 1024;
/** A program that takes longer hangs: all of them together take a few seconds. Emulated machines ask for more patience. */
const TIMEOUT_MS = patiently(25_000);

const found = (command: string): boolean => spawnSync("which", [command]).status === 0;

export const compilerMissing: string | false = found("cc")
  ? false
  : "SKIPPED: the conformance suite needs a C compiler, and there is no cc";
export const muslMissing: string | false = found("musl-gcc") ? false : "SKIPPED: no musl-gcc";

/** A directory for programs and for the native runs' files, and how to take it away again. */
export function workshop(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "conformance-"));
  mkdirSync(join(directory, "bin"));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Compiles a program, of this folder unless another is named; returns the path of the executable. */
export function compile(
  directory: string,
  name: string,
  compiler: string,
  options: readonly string[],
  sources = SOURCES,
): string {
  const target = join(directory, "bin", `${name}-${compiler}${options.join("")}`);
  const flags = ["-O1", "-w", "-D_GNU_SOURCE", "-pthread", ...options, join(sources, `${name}.c`), "-o", target, "-lm"];
  const { status, stderr } = spawnSync(compiler, flags, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${compiler} refused ${name}.c:\n${stderr}`);
  return target;
}

export function runNatively(directory: string, program: string, args: readonly string[] = []): Result {
  const cwd = mkdtempSync(join(directory, "native-"));
  const run = spawnSync(program, args, {
    cwd,
    env: ENVIRONMENT,
    input: "",
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  return {
    ending: run.signal ?? `exit ${run.status}`,
    stdout: run.stdout.toString("latin1"),
    stderr: run.stderr.toString("latin1"),
  };
}

export function runInGuest(directory: string, program: string, args: readonly string[] = []): Result {
  const config = new Config({
    mounts: [
      { guest: "/usr", kind: "ro", host: "/usr" },
      { guest: "/etc", kind: "ro", host: "/etc" },
      ...["bin", "lib", "lib64", "sbin"].map(
        (name) => ({ guest: `/${name}`, kind: "symlink", target: `usr/${name}` }) as const,
      ),
      { guest: "/tmp", kind: "tmpfs", mode: 0o1777 },
      { guest: "/scratch", kind: "tmpfs" },
      { guest: join(directory, "bin"), kind: "ro", host: join(directory, "bin") },
    ],
    hostname: "guest",
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  });
  const machine = Machine.create({ memoryBytes: MEMORY_BYTES + (64 << 20) });
  try {
    const limits = {
      wallMs: TIMEOUT_MS,
      cpuMs: TIMEOUT_MS,
      memoryBytes: MEMORY_BYTES,
      processes: 64,
      openFiles: 1024,
      overlayBytes: 64 << 20,
      outputBytes: 8 << 20,
    };
    const kernel = Kernel.boot(machine, config, { limits });
    kernel.spawn({ path: program, argv: [program, ...args], env: ENVIRONMENT, cwd: "/scratch" });
    const outcome = kernel.run({ poll: () => "continue" });
    const ending =
      outcome.kind === "exited"
        ? `exit ${outcome.code}`
        : outcome.kind === "signaled"
          ? outcome.signal
          : JSON.stringify(outcome);
    const unknown = [...kernel.diagnostics.unknownSyscalls.keys()]
      .map((name) => `unknown system call: ${name}\n`)
      .join("");
    return {
      ending,
      stdout: kernel.output.stdout.toString("latin1"),
      stderr: kernel.output.stderr.toString("latin1") + unknown,
    };
  } finally {
    machine.close();
    config.close();
  }
}

/** True when a program's source is there (so that a mistyped name fails rather than passes). */
export const hasSource = (name: string): boolean => existsSync(join(SOURCES, `${name}.c`));
