import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { HiddenPlacesData } from "../../../src/base/hidden-places.ts";
import { ZtlError } from "../../../src/errors.ts";
import type { KernelConfig, MountSpec } from "../../../src/linux/index.ts";
import { DEFAULT_LIMITS, type RunLimits } from "../../../src/linux/limits.ts";
import type { ToolCall } from "../../../src/sandbox/call.ts";
import { CellHandle } from "../../../src/sandbox/cell/handle.ts";
import { cellLauncher, cellMemoryBytes } from "../../../src/sandbox/cell/launcher.ts";
import { monotonicUs, toWireConfig } from "../../../src/sandbox/cell/protocol.ts";
import { readyOf } from "../../../src/sandbox/cell/reply/ready.ts";
import { READY_LIMITS } from "../../../src/sandbox/cell/reply-limits.ts";
import { GUEST_HOSTNAME } from "../../../src/sandbox/guest-tree.ts";
import { type PlanSurroundings, planRun, type RunPlan } from "../../../src/sandbox/plan.ts";
import { Pool, START_TIMEOUT_DEFAULT_MS } from "../../../src/sandbox/pool/pool.ts";
import { runInCell } from "../../../src/sandbox/run.ts";
import type { RunOptions } from "../../../src/sandbox/run-options.ts";
import { compileCacheDirectory } from "../../../src/sandbox/templates/compile-cache.ts";
import { execRecipe } from "../../../src/sandbox/templates/programs.ts";
import { provideTemplate } from "../../../src/sandbox/templates/provider.ts";
import { pythonEnvironment } from "../../../src/sandbox/templates/python.ts";
import type { Template } from "../../../src/sandbox/templates/store.ts";
import type { Layer } from "../../../src/vmm/index.ts";
import { patiently } from "../../patience.ts";
import { type Deed, MARK } from "./deed.ts";
import type { Powers } from "./powers.ts";

/** Code that is sent as text: it can use nothing but its arguments. */
export type Doing<G> = (powers: Powers, given: G) => unknown;

export interface CaptiveOptions {
  readonly cacheDirectory: string;
  readonly mounts?: readonly MountSpec[];
  /** As the config of a kernel has it. */
  readonly hidden?: HiddenPlacesData;
  /** Cells at once. */
  readonly cells?: number;
  /** Walls left away; without "landlock" the cell's own use of it finds none either. */
  readonly without?: readonly Layer[];
}

/** What became of a cell that did as it was told. */
export interface Outcome {
  /** What it answered, if it did. */
  readonly said?: string;
  /** How its call ended instead: the code of the error, and the signal or status by which the cell's process ended. */
  readonly code?: string;
  readonly ended?: string | undefined;
  readonly message?: string;
  readonly pid: number;
  readonly tookMs: number;
}

function programOf(without: readonly Layer[]): string {
  const name = without.includes("landlock") ? "cell-without-landlock.ts" : "cell.ts";
  return fileURLToPath(new URL(name, import.meta.url));
}
const WALL_MS = patiently(5000);
const REPEATABLE = { seed: "00112233445566778899aabbccddeeff", clockMs: Date.UTC(2030, 0, 1) };

/** A pool of the product's cells, behind its launcher and its jail, in which code of an attacker's choosing is run. */
export class Captive implements AsyncDisposable {
  readonly pool: Pool;
  readonly #surroundings: PlanSurroundings;

  constructor({ cacheDirectory, mounts = [], hidden, cells = 1, without = [] }: CaptiveOptions) {
    const identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const compileCache = compileCacheDirectory(cacheDirectory);
    const onEvent = (): void => {};
    const startTimeoutMs = patiently(START_TIMEOUT_DEFAULT_MS);
    const recipe = execRecipe({ identity, memoryBytes: DEFAULT_LIMITS.memoryBytes, python: undefined });
    this.#surroundings = { env: pythonEnvironment(identity, undefined), cwd: "/", pythonExecutable: undefined };
    const options = {
      name: "exec",
      config: { mounts: [...recipe.mounts, ...mounts], hostname: GUEST_HOSTNAME, hidden, ...identity },
      cells,
      queue: 1024,
      compileCache,
      memoryBytes: cellMemoryBytes(DEFAULT_LIMITS),
      program: programOf(without),
      without,
      provide: async () => {
        const template = await provideTemplate(recipe, { cacheDirectory, compileCache, startTimeoutMs, onEvent });
        if (compileCache !== undefined) await rehearse({ ...options, compileCache, template });
        return template;
      },
      startTimeoutMs,
      onEvent,
    } as const;
    this.pool = new Pool(options);
  }

  /** Has a cell do this, and tells how it ended. A cell that still lives afterwards is not used again. */
  async tries<G>(
    now: Doing<G>,
    given: G,
    more: { later?: Doing<G>; limits?: Partial<RunLimits> } = {},
  ): Promise<Outcome> {
    const deed: Deed = { now: now.toString(), later: more.later?.toString(), given };
    const cell = await this.pool.acquire();
    const common = { pid: cell.pid ?? 0 };
    const startedMs = performance.now();
    const tookMs = (): number => performance.now() - startedMs;
    const plan = { template: "exec", job: undefined, program: null, cwd: "/" } as const;
    const stdin = Buffer.from(MARK + JSON.stringify(deed));
    try {
      const said = await this.#run(cell, { ...plan, stdin }, { wallMs: WALL_MS, ...more.limits });
      return { said, ...common, tookMs: tookMs() };
    } catch (error) {
      if (!ZtlError.isInstance(error)) throw error;
      const { code, message } = error;
      return { code, message, ended: /unexpectedly \(([^)]*)\)/.exec(message)?.[1], ...common, tookMs: tookMs() };
    } finally {
      if (more.later === undefined) cell.kill("closed", "It was taken over");
      this.pool.release(cell);
    }
  }

  /** What a cell answers that lives to tell. */
  async says<G>(now: Doing<G>, given: G): Promise<string> {
    const { said, message } = await this.tries(now, given);
    assert.notEqual(said, undefined, message);
    return said as string;
  }

  /** Who tries this is ended by the filter, at the call. */
  async assertKilled<G>(now: Doing<G>, given: G, about = ""): Promise<void> {
    const outcome = await this.tries(now, given);
    assert.equal(outcome.ended, "SIGSYS", `${about}: ${outcome.said ?? outcome.message}`);
  }

  /** The standard output of a shell script that runs in a cell as a guest does, repeatably. */
  async honestly(script: string, options: RunOptions = {}): Promise<string> {
    const call: ToolCall = { tool: "exec", program: "/bin/sh", args: ["-c", script] };
    const cell = await this.pool.acquire();
    try {
      return await this.#run(cell, planRun(call, this.#surroundings), {}, { deterministic: REPEATABLE, ...options });
    } finally {
      this.pool.release(cell);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
  }

  async #run(
    cell: Awaited<ReturnType<Pool["acquire"]>>,
    plan: RunPlan,
    limits: Partial<RunLimits>,
    options: RunOptions = {},
  ): Promise<string> {
    const order = { plan, limits: { ...DEFAULT_LIMITS, ...limits }, calledUs: monotonicUs(), options };
    return (await runInCell(cell, order)).stdoutText;
  }
}

const rehearsed = new Set<string>();

/** As the pool does for the product's own cells (src/sandbox/pool/rehearsal.ts): makes the start several times faster. */
async function rehearse(options: {
  readonly program: string;
  readonly compileCache: string;
  readonly config: KernelConfig;
  readonly memoryBytes: number;
  readonly template: Template;
}): Promise<void> {
  const { program, compileCache, config, template } = options;
  const key = `${compileCache} ${program}`;
  if (rehearsed.has(key)) return;
  rehearsed.add(key);
  const launcher = cellLauncher({ ...options, mounts: config.mounts, fillsCompileCache: true });
  const cell = new CellHandle({ launcher, memoryFd: template.memoryFd });
  const { machine, kernel } = template;
  const message = { type: "load", machine, kernel, config: toWireConfig(config), rehearsal: true } as const;
  try {
    await cell.request({ message, limits: READY_LIMITS, accept: readyOf });
  } finally {
    await cell.close();
    launcher.close();
  }
}
