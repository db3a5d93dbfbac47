import { closeSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import type { KernelConfig } from "../../linux/index.ts";
import type { Launcher } from "../../vmm/index.ts";
import type { SandboxEvent, ToolName } from "../call.ts";
import { CellHandle } from "../cell/handle.ts";
import { cellLauncher, maskedBy } from "../cell/launcher.ts";
import { toWireConfig } from "../cell/protocol.ts";
import { Places } from "../cell/reply/places.ts";
import { readyOf } from "../cell/reply/ready.ts";
import { READY_LIMITS } from "../cell/reply-limits.ts";
import { type IsolationDemands, requireLaunched } from "../isolation.ts";
import type { Template } from "../templates/store.ts";
import { rehearse } from "./rehearsal.ts";
import { WaitingLine } from "./waiting-line.ts";

/** A cell that has not loaded its template by then will not; loading takes some 100 ms. */
export const START_TIMEOUT_DEFAULT_MS = 30_000;

export interface PoolOptions {
  readonly name: ToolName;
  readonly config: KernelConfig;
  /** Cells at most, so calls at once. */
  readonly cells: number;
  /** Calls that may wait for a cell. */
  readonly queue: number;
  readonly compileCache: string | undefined;
  /** What a cell may take in all, by cellMemoryBytes; a run with wider limits makes it more. */
  readonly memoryBytes: number;
  /** For a cell to load its template; default {@link START_TIMEOUT_DEFAULT_MS}. */
  readonly startTimeoutMs?: number | undefined;
  /** Walls without which no cell is started. */
  readonly isolation?: IsolationDemands | undefined;
  /** What cells run, where it is not ours: tests have hostile ones. */
  readonly program?: string | undefined;
  readonly provide: () => Promise<Template>;
  readonly onEvent: (event: SandboxEvent) => void;
}

/**
 * The cells of one template. A cell serves one call at a time; when none is free a new one is made up to the limit, and
 * further calls wait in line. A cell that died or was killed is not repaired: its place is free for a new one.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: CellHandle[] = [];
  readonly #all = new Set<CellHandle>();
  readonly #line: WaitingLine<CellHandle>;
  readonly #places: Places;
  #starting = 0;
  #template: Promise<Template> | undefined;
  #launcher: Launcher | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#line = new WaitingLine(options.queue);
    this.#places = new Places(options.config.mounts);
  }

  /** Cells that exist, for tests and diagnostics. */
  get size(): number {
    return this.#all.size;
  }

  /** Makes all cells now, so that the first calls find them warm. */
  async prewarm(): Promise<void> {
    const count = this.#options.cells - this.#all.size - this.#starting;
    await Promise.all(Array.from({ length: Math.max(0, count) }, () => this.#add()));
  }

  /**
   * A free cell, the caller's until it is given back with {@link release}.
   * Rejects with ZtlError `queue-full`, `cancelled`, `closed`, or what kept the cell from starting.
   */
  async acquire(signal?: AbortSignal): Promise<CellHandle> {
    this.#refuseClosed();
    for (let cell = this.#idle.pop(); cell !== undefined; cell = this.#idle.pop()) {
      if (cell.alive) return cell;
      this.#forget(cell);
    }
    const place = this.#line.join(signal);
    this.#grow();
    return place;
  }

  /** Takes a cell back; one that died leaves room for a new one. */
  release(cell: CellHandle): void {
    if (this.#closed) return;
    if (cell.alive) {
      if (!this.#line.serve(cell)) this.#idle.push(cell);
      return;
    }
    this.#forget(cell);
    this.#grow();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.refuseAll(new ZtlError("closed", "The sandbox was closed"));
    await Promise.all([...this.#all].map((cell) => cell.close()));
    const template = await this.#template?.catch(() => undefined);
    if (template !== undefined) closeSync(template.memoryFd);
    this.#launcher?.close();
  }

  /** Starts cells while calls wait and there is room for more. */
  #grow(): void {
    while (this.#line.length > this.#starting && this.#all.size + this.#starting < this.#options.cells) {
      this.#add().catch((error: unknown) => this.#startFailed(error));
    }
  }

  #startFailed(error: unknown): void {
    const reason = ZtlError.isInstance(error)
      ? error
      : new ZtlError("cell-failed", String(error), {}, { cause: error });
    const { name, onEvent } = this.#options;
    onEvent({ type: "cell-lost", template: name, code: reason.code, message: reason.message });
    if (this.#all.size + this.#starting > 0) return;
    // Nobody is left to serve the line. What killed one cell need not happen to the next, so it costs one call and the
    // others get another try; what kept a cell from working at all would keep every other.
    if (reason.code === "cell-lost") this.#line.refuseFirst(reason);
    else this.#line.refuseAll(reason);
    this.#grow();
  }

  async #add(): Promise<void> {
    this.#starting++;
    let cell: CellHandle;
    try {
      cell = await this.#start();
    } finally {
      this.#starting--;
    }
    this.release(cell);
  }

  async #start(): Promise<CellHandle> {
    const template = await this.#provideTemplate();
    this.#refuseClosed();
    this.#launcher ??= this.#makeLauncher();
    const cell = new CellHandle({
      launcher: this.#launcher,
      memoryFd: template.memoryFd,
      templateKey: template.key,
      places: this.#places,
    });
    this.#all.add(cell);
    const timer = setTimeout(
      () => cell.kill("cell-start-failed", "A cell took too long to load its template"),
      this.#options.startTimeoutMs ?? START_TIMEOUT_DEFAULT_MS,
    );
    try {
      const { machine, kernel } = template;
      await cell.request({
        message: { type: "load", machine, kernel, config: toWireConfig(this.#options.config) },
        limits: READY_LIMITS,
        accept: readyOf,
      });
      return cell;
    } catch (error) {
      this.#forget(cell);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #makeLauncher(): Launcher {
    const { config, isolation } = this.#options;
    const launcher = cellLauncher({ ...this.#options, mounts: config.mounts, masked: maskedBy(config) });
    try {
      requireLaunched(isolation, launcher);
      return launcher;
    } catch (error) {
      launcher.close();
      throw error;
    }
  }

  /** One template for all cells; after a failure the next call tries again. */
  #provideTemplate(): Promise<Template> {
    this.#template ??= this.#provide().catch((error: unknown) => {
      this.#template = undefined;
      throw error;
    });
    return this.#template;
  }

  async #provide(): Promise<Template> {
    const { compileCache, config, memoryBytes, startTimeoutMs = START_TIMEOUT_DEFAULT_MS, provide } = this.#options;
    const template = await provide();
    if (compileCache !== undefined) await rehearse(template, { compileCache, config, memoryBytes, startTimeoutMs });
    return template;
  }

  #forget(cell: CellHandle): void {
    this.#all.delete(cell);
    cell.kill("closed", "The cell was given up");
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ZtlError("closed", "The sandbox is closed");
  }
}
