import assert from "node:assert/strict";
import {
  type CallerMount,
  type RunResult,
  Sandbox,
  type SandboxEvent,
  type SandboxOptions,
  type ToolCall,
} from "../src/index.ts";
import { START_TIMEOUT_DEFAULT_MS } from "../src/sandbox/pool/pool.ts";
import { PATIENCE, patiently } from "../test/patience.ts";
import type { Canaries } from "./canaries.ts";

/**
 * How long after its limit a call may take to come back: what the host process gives a cell before it kills it
 * (src/sandbox/run.ts), and a little more for a busy machine.
 */
const GRACE_MS = patiently(10_000);
/** Most attacks take a second; on a machine that has ten times as much to do as it can, ten. Limits are under attack elsewhere. */
const WALL_MS = 20_000;
/** What the probes take is no time at all; this is for a machine that has none. */
const PROBE_MS = patiently(60_000);
/** As the product allows itself on a real processor. */
const START_TIMEOUT_MS = patiently(START_TIMEOUT_DEFAULT_MS);
const PROBES_MAX = 5;
const SEED = "00112233445566778899aabbccddeeff";
const CLOCK_MS = Date.UTC(2030, 0, 1);

/** Tells as much of the state a run begins in as a program can see. */
const PROBES = {
  python: [
    "import os, random, sys",
    "print(sorted(globals()), len(sys.modules), sys.path, random.random(), os.urandom(4).hex())",
    "print(sorted(os.environ.items()), os.getcwd(), os.listdir('/tmp'), sorted(os.listdir('/proc/self/fd')))",
    "print(open('/proc/self/maps').read(), os.getpid(), os.umask(0))",
  ].join("\n"),
  shell:
    "pwd; umask; env | sort; ls -la /tmp /dev/shm; ls /proc/self/fd; cat /proc/self/maps /proc/uptime; set; echo $$",
} as const;

/** Where attacks mount directories of their own, whose names and contents a probe neither lists nor runs. */
const NOT_PROBED: ReadonlySet<string> = new Set(["/attack", "/tree"]);

export interface AttackedRun {
  readonly result: RunResult;
  readonly tookMs: number;
}

/** A sandbox under attack: knows what ran in it, and whether the run after that is like the first in a new one. */
export class AttackedSandbox {
  readonly sandbox: Sandbox;
  readonly events: readonly SandboxEvent[];
  readonly #options: SandboxOptions;
  readonly #canaries: Canaries;
  readonly #used = new Set<ToolCall["tool"]>();
  #leaks = 0;

  private constructor(sandbox: Sandbox, events: SandboxEvent[], options: SandboxOptions, canaries: Canaries) {
    this.sandbox = sandbox;
    this.events = events;
    this.#options = options;
    this.#canaries = canaries;
  }

  /** Of one cell unless told otherwise, so that the next run is in the one that was attacked. */
  static async open(options: SandboxOptions, canaries: Canaries): Promise<AttackedSandbox> {
    const events: SandboxEvent[] = [];
    const complete: SandboxOptions = {
      cells: 1,
      startTimeoutMs: START_TIMEOUT_MS,
      ...options,
      onEvent: (event) => events.push(event),
    };
    return new AttackedSandbox(await Sandbox.open(complete), events, complete, canaries);
  }

  /** Runs a call, which must come back within its wall limit (default 20 s) and some grace. */
  async run(call: ToolCall, signal?: AbortSignal): Promise<RunResult> {
    const wallMs = patiently(call.limits?.wallMs ?? this.#options.limits?.wallMs ?? WALL_MS);
    this.#used.add(call.tool);
    const startedMs = performance.now();
    const limited = { ...call, limits: { ...call.limits, wallMs, ...this.#cpuLimit(call, wallMs) } };
    const result = await this.sandbox.run(limited, signal === undefined ? {} : { signal });
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < wallMs + GRACE_MS, `came back after ${tookMs} ms with a wall limit of ${wallMs} ms`);
    this.#look(result);
    return result;
  }

  /** The standard output of Python code that must end well. */
  async python(code: string, more: Omit<Extract<ToolCall, { tool: "python" }>, "tool" | "code"> = {}): Promise<string> {
    return outputOf(await this.run({ tool: "python", code, ...more }));
  }

  /** The standard output of a shell script that must end well. */
  async shell(code: string, more: Omit<Extract<ToolCall, { tool: "shell" }>, "tool" | "code"> = {}): Promise<string> {
    return outputOf(await this.run({ tool: "shell", code, ...more }));
  }

  /** Nothing of the cell broke: whatever the guest did, it ended as a guest ends. */
  assertContained(result: RunResult, about = ""): void {
    assert.notEqual(result.status, "error", `${about}: ${JSON.stringify(result.status === "error" && result.error)}`);
    this.assertNoCellLost(about);
  }

  assertNoCellLost(about = ""): void {
    const lost = this.events.filter(({ type }) => type === "cell-lost");
    assert.deepEqual(lost, [], about);
  }

  /** After the attack: what a run leaves is nothing, and no run told the host's secret. */
  async verify(): Promise<void> {
    assert.equal(this.#leaks, 0, "the host's secret was in what a run gave back");
    for (const tool of this.#used) {
      const next = await probe(this.sandbox, tool);
      assert.deepEqual(
        next.seen,
        await this.#first(tool, next),
        `the next ${tool} run is not like the first in a new cell`,
      );
    }
  }

  /** What the first run in a new cell sees: the same each time, so it is tried once for a template and a set of options. */
  async #first(tool: ToolCall["tool"], { templateKey }: Probed): Promise<object> {
    const key = JSON.stringify([tool, templateKey, { ...this.#options, mounts: this.#options.mounts?.map(asSeen) }]);
    const known = firstRuns.get(key);
    if (known !== undefined) return known;
    await using fresh = await Sandbox.open(this.#options);
    const { seen } = await probe(fresh, tool);
    firstRuns.set(key, seen);
    return seen;
  }

  /** An emulated processor needs as much more of its own time. */
  #cpuLimit(call: ToolCall, wallMs: number): { cpuMs?: number } {
    const cpuMs = call.limits?.cpuMs ?? this.#options.limits?.cpuMs;
    if (PATIENCE === 1) return cpuMs === undefined ? {} : { cpuMs };
    return { cpuMs: cpuMs === undefined ? wallMs : patiently(cpuMs) };
  }

  #look({ stdout, stderr, changes }: RunResult): void {
    const parts = [stdout, stderr, ...changes.flatMap(({ path, content }) => [path, content ?? ""])];
    if (parts.some((part) => this.#canaries.isLeakedBy(part))) this.#leaks++;
  }
}

/** A mount, without what no probe finds out about it. */
function asSeen(mount: CallerMount): object {
  return NOT_PROBED.has(mount.guest) ? { ...mount, host: undefined } : mount;
}

interface Probed {
  readonly seen: object;
  readonly templateKey: string | undefined;
}

const firstRuns = new Map<string, object>();

async function probe(sandbox: Sandbox, tool: ToolCall["tool"]): Promise<Probed> {
  const common = { cwd: "/", env: {}, limits: { wallMs: PROBE_MS, cpuMs: PROBE_MS, outputBytes: 1 << 20 } };
  const call: ToolCall =
    tool === "exec"
      ? { tool, program: "/bin/sh", args: ["-c", PROBES.shell], ...common }
      : { tool, code: PROBES[tool], ...common };
  let result = await sandbox.run(call, { deterministic: { seed: SEED, clockMs: CLOCK_MS } });
  // Where the machine is so slow that the host's time decided, the guest's clock, which is looked at, says another time.
  for (let tries = 1; tries < PROBES_MAX && result.diagnostics.notRepeatable !== undefined; tries++)
    result = await sandbox.run(call, { deterministic: { seed: SEED, clockMs: CLOCK_MS } });
  const { status, exitCode, stdoutText, stderrText, changes, templateKey } = result;
  assert.notEqual(status, "error", JSON.stringify(status === "error" && result.error));
  return { seen: { status, exitCode, stdoutText, stderrText, changes }, templateKey };
}

function outputOf(result: RunResult): string {
  const { status, stderrText, stdoutText } = result;
  assert.equal(status, "ok", status === "error" ? JSON.stringify(result.error) : stderrText);
  return stdoutText;
}
