import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MountSpec } from "../../src/linux/index.ts";
import { DEFAULT_LIMITS, type RunLimits } from "../../src/linux/limits.ts";
import { cellMemoryBytes } from "../../src/sandbox/cell/launcher.ts";
import { monotonicUs } from "../../src/sandbox/cell/protocol.ts";
import { GUEST_HOSTNAME } from "../../src/sandbox/guest-tree.ts";
import { type PlanSurroundings, planRun } from "../../src/sandbox/plan.ts";
import { Pool, START_TIMEOUT_DEFAULT_MS } from "../../src/sandbox/pool/pool.ts";
import type { RunResult } from "../../src/sandbox/result.ts";
import { runInCell } from "../../src/sandbox/run.ts";
import type { RunOptions } from "../../src/sandbox/run-options.ts";
import { findHostPython } from "../../src/sandbox/templates/host-python.ts";
import { provideTemplate } from "../../src/sandbox/templates/provider.ts";
import { pythonEnvironment, pythonRecipe } from "../../src/sandbox/templates/python.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { MEASURE } from "./measure.ts";

/** What a cell holds between two runs. */
export interface Held {
  /** JavaScript's heap without garbage, and the buffers of its objects. */
  readonly heapBytes: number;
  readonly descriptors: number;
}

interface Measured {
  readonly result: RunResult;
  readonly pid: number;
}

/** One of the product's cells with a Python, behind its launcher and its jail, that can tell what it holds. */
export class MeasuredSandbox implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #surroundings: PlanSurroundings;

  /** @param program what its cell runs, if not the one that can tell what it holds */
  constructor(mounts: readonly MountSpec[], program = fileURLToPath(new URL("measured-cell.ts", import.meta.url))) {
    const identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const python = findHostPython({ mounts: [] });
    const recipe = pythonRecipe({ identity, memoryBytes: DEFAULT_LIMITS.memoryBytes, python });
    this.#surroundings = {
      env: pythonEnvironment(identity, python),
      cwd: "/",
      pythonExecutable: python.executable,
    };
    const onEvent = (): void => {};
    this.#pool = new Pool({
      name: "python",
      config: { mounts: [...recipe.mounts, ...mounts], hostname: GUEST_HOSTNAME, ...identity },
      cells: 1,
      queue: 1,
      compileCache: undefined,
      memoryBytes: cellMemoryBytes(DEFAULT_LIMITS),
      program,
      provide: () =>
        provideTemplate(recipe, {
          cacheDirectory: TEST_CACHE,
          compileCache: undefined,
          startTimeoutMs: START_TIMEOUT_DEFAULT_MS,
          onEvent,
        }),
      onEvent,
    });
  }

  async run(code: string, limits: Partial<RunLimits> = {}, options: RunOptions = {}): Promise<Measured> {
    return this.#do(code, "", limits, options);
  }

  async held(): Promise<Held> {
    const { result, pid } = await this.#do("pass", MEASURE, {}, {});
    return { heapBytes: Number(result.stdoutText), descriptors: readdirSync(`/proc/${pid}/fd`).length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }

  async #do(code: string, stdin: string, limits: Partial<RunLimits>, options: RunOptions): Promise<Measured> {
    const cell = await this.#pool.acquire();
    try {
      const plan = planRun({ tool: "python", code, stdin }, this.#surroundings);
      const order = { plan, limits: { ...DEFAULT_LIMITS, ...limits }, calledUs: monotonicUs(), options };
      return { result: await runInCell(cell, order), pid: cell.pid ?? 0 };
    } finally {
      this.#pool.release(cell);
    }
  }
}
