import { availableParallelism } from "node:os";
import type { HiddenPlaces } from "../base/hidden-places.ts";
import { ZtlError } from "../errors.ts";
import type { RunLimits } from "../linux/limits.ts";
import {
  parseCall,
  parseOptions,
  resolveLimits,
  type SandboxOptions,
  type ToolCall,
  type ToolName,
  toMountSpecs,
} from "./call.ts";
import { cellMemoryBytes } from "./cell/launcher.ts";
import { monotonicUs } from "./cell/protocol.ts";
import { GUEST_HOME, GUEST_HOSTNAME, type GuestIdentity } from "./guest-tree.ts";
import { requireIsolation } from "./isolation.ts";
import { absoluteMount, hiddenPlaces, isDirectoryMount, refuseHidden } from "./mounts.ts";
import { type PlanSurroundings, planRun, type RunPlan } from "./plan.ts";
import { Pool, START_TIMEOUT_DEFAULT_MS } from "./pool/pool.ts";
import { type RunResult, unstarted } from "./result.ts";
import { runInCell } from "./run.ts";
import { checkRunOptions, type RunOptions } from "./run-options.ts";
import { usualCacheDirectory } from "./templates/cache-directory.ts";
import { compileCacheDirectory } from "./templates/compile-cache.ts";
import { findHostPython, type HostPython } from "./templates/host-python.ts";
import { execRecipe, shellRecipe } from "./templates/programs.ts";
import { provideTemplate } from "./templates/provider.ts";
import { pythonEnvironment, pythonRecipe } from "./templates/python.ts";
import type { TemplateRecipe } from "./templates/recipe.ts";

/** Cells at once unless asked otherwise: one per CPU, but each may use as much memory as its limit says. */
const CELLS_MAX = 4;
const QUEUE_DEFAULT = 1024;

/**
 * Runs tool calls, each in a micro-VM of its own that is rolled back before its result is returned.
 *
 *     const sandbox = await Sandbox.open({ mounts: [{ kind: "overlay", host: "./data", guest: "/data" }] });
 *     const run = await sandbox.run({ tool: "python", code: "print(6 * 7)" });
 *     await sandbox.close();
 */
export class Sandbox implements AsyncDisposable {
  readonly #options: SandboxOptions;
  readonly #limits: RunLimits;
  readonly #cwd: string;
  readonly #identity: GuestIdentity;
  /** Or why there is none: only a call that needs it hears of that. */
  readonly #python: HostPython | ZtlError;
  readonly #cacheDirectory: string | false;
  readonly #compileCache: string | undefined;
  readonly #hidden: HiddenPlaces;
  readonly #pools = new Map<ToolName, Promise<Pool>>();
  #closed = false;

  private constructor(options: SandboxOptions) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#cwd = options.cwd ?? options.mounts?.find(isDirectoryMount)?.guest ?? GUEST_HOME;
    this.#identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    this.#cacheDirectory =
      options.cacheDirectory ?? usualCacheDirectory((why) => options.onEvent?.({ type: "cache-unavailable", ...why }));
    this.#compileCache = this.#cacheDirectory === false ? undefined : compileCacheDirectory(this.#cacheDirectory);
    // After the cache was made, so that it is known by what it is.
    this.#hidden = hiddenPlaces(options, this.#cacheDirectory);
    for (const mount of options.mounts ?? []) if ("host" in mount) refuseHidden(mount.host, this.#hidden);
    this.#python = pythonOf(options);
  }

  /**
   * Prepares to run calls. Cells are made when first needed, or now for the tools in `prewarm`.
   * Throws ZtlError `invalid-input`, `mount-not-found`, `mount-invalid`, `mount-hidden`, or with `prewarm` whatever keeps those cells from starting.
   */
  static async open(options: SandboxOptions = {}): Promise<Sandbox> {
    const parsed = parseOptions(options);
    requireIsolation(parsed.isolation);
    const sandbox = new Sandbox({ ...parsed, mounts: (parsed.mounts ?? []).map(absoluteMount) });
    try {
      await Promise.all((parsed.prewarm ?? []).map(async (tool) => (await sandbox.#pool(tool)).prewarm()));
    } catch (error) {
      await sandbox.close();
      throw error;
    }
    return sandbox;
  }

  /**
   * Runs one call. However the guest ends, the promise resolves; `status` tells how. It rejects with ZtlError
   * `invalid-input` for what is not a call, and `closed` after {@link close}.
   */
  async run(call: ToolCall, options: RunOptions = {}): Promise<RunResult> {
    const calledUs = monotonicUs();
    this.#refuseClosed();
    checkRunOptions(options);
    const parsed = parseCall(call);
    const limits = this.#limitsOf(parsed);
    try {
      const plan = planRun(parsed, { ...this.#surroundings(), seed: options.deterministic?.seed });
      return await this.#runPlan(plan, limits, calledUs, options);
    } catch (error) {
      // Nothing more of a cell that was lost, or was not believed, goes out.
      options.egress?.sever("The run could not go on");
      await options.egress?.close();
      return refusal(error, calledUs, options.egress?.records);
    }
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ZtlError("closed", "The sandbox is closed");
  }

  /** Ends all cells; calls that run or wait end with status "error", code "closed". */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pools.values()].map(async (pool) => (await pool).close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #limitsOf(call: ToolCall): RunLimits {
    const limits = resolveLimits(this.#limits, call.limits);
    if (limits.memoryBytes > this.#limits.memoryBytes) {
      throw new ZtlError("invalid-input", "A call's memoryBytes cannot exceed that of its sandbox", {
        asked: limits.memoryBytes,
        sandbox: this.#limits.memoryBytes,
      });
    }
    return limits;
  }

  #surroundings(): PlanSurroundings {
    const python = this.#hostPython();
    return { env: pythonEnvironment(this.#identity, python), cwd: this.#cwd, pythonExecutable: python?.executable };
  }

  #hostPython(): HostPython | undefined {
    return ZtlError.isInstance(this.#python) ? undefined : this.#python;
  }

  async #runPlan(plan: RunPlan, limits: RunLimits, calledUs: number, options: RunOptions): Promise<RunResult> {
    const pool = await this.#pool(plan.template);
    const cell = await pool.acquire(options.signal);
    try {
      return await runInCell(cell, { plan, limits, calledUs, options });
    } catch (error) {
      if (ZtlError.isInstance(error) && error.code !== "closed" && !cell.alive) {
        this.#options.onEvent?.({
          type: "cell-lost",
          template: plan.template,
          code: error.code,
          message: error.message,
        });
      }
      throw error;
    } finally {
      pool.release(cell);
    }
  }

  /** @throws ZtlError `closed`: a call may find out about its surroundings for longer than the sandbox is open. */
  #pool(tool: ToolName): Promise<Pool> {
    this.#refuseClosed();
    let pool = this.#pools.get(tool);
    if (pool === undefined) {
      pool = this.#makePool(tool);
      this.#pools.set(tool, pool);
      // What cannot be made now may be possible at the next call.
      pool.catch(() => this.#pools.delete(tool));
    }
    return pool;
  }

  async #makePool(tool: ToolName): Promise<Pool> {
    const recipe = this.#recipe(tool);
    const mounts = new Map(recipe.mounts.map((mount) => [mount.guest, mount]));
    for (const mount of toMountSpecs(this.#options.mounts ?? [])) mounts.set(mount.guest, mount);
    const { onEvent = () => {}, startTimeoutMs = START_TIMEOUT_DEFAULT_MS } = this.#options;
    return new Pool({
      name: tool,
      config: { mounts: [...mounts.values()], hostname: GUEST_HOSTNAME, hidden: this.#hidden.data, ...this.#identity },
      cells: this.#options.cells ?? Math.min(availableParallelism(), CELLS_MAX),
      queue: this.#options.queue ?? QUEUE_DEFAULT,
      compileCache: this.#compileCache,
      memoryBytes: cellMemoryBytes(this.#limits),
      isolation: this.#options.isolation,
      startTimeoutMs,
      provide: () =>
        provideTemplate(recipe, {
          cacheDirectory: this.#cacheDirectory,
          compileCache: this.#compileCache,
          startTimeoutMs,
          onEvent,
        }),
      onEvent,
    });
  }

  #recipe(tool: ToolName): TemplateRecipe {
    const common = { identity: this.#identity, memoryBytes: this.#limits.memoryBytes };
    if (tool === "python") {
      if (ZtlError.isInstance(this.#python)) throw this.#python;
      for (const one of this.#python.passedOver) this.#options.onEvent?.({ type: "python-passed-over", ...one });
      return pythonRecipe({ ...common, python: this.#python, preload: this.#options.python?.preload });
    }
    const shown = { ...common, python: this.#hostPython() };
    return tool === "shell" ? shellRecipe(shown) : execRecipe(shown);
  }
}

function pythonOf({ mounts = [], python }: SandboxOptions): HostPython | ZtlError {
  const shown = mounts.flatMap((mount) => (mount.kind === "ro" || mount.kind === "overlay" ? [mount.host] : []));
  try {
    return findHostPython({ program: python?.program, mounts: [...shown, ...(python?.notFrom ?? [])] });
  } catch (error) {
    if (ZtlError.isInstance(error)) return error;
    throw error;
  }
}

/** A call that did not come to run, or whose cell was lost, as a result. Misuse and bugs go on as exceptions. */
function refusal(error: unknown, calledUs: number, egress: RunResult["egress"] = []): RunResult {
  if (!ZtlError.isInstance(error) || error.code === "invalid-input" || error.code === "invariant") throw error;
  const waitedMs = (monotonicUs() - calledUs) / 1000;
  if (error.code === "cancelled") return unstarted({ status: "cancelled", exitCode: null }, waitedMs, egress);
  if (error.code === "wall-limit")
    return unstarted({ status: "limit", exitCode: null, limit: "wall" }, waitedMs, egress);
  const { code, message } = error;
  return unstarted({ status: "error", exitCode: null, error: { code, message } }, waitedMs, egress);
}
