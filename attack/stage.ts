import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoopConfig, LoopOptions, SandboxOptions } from "../src/index.ts";
import { openTestLoop, type TestLoop } from "../src/loop/testing.ts";
import { patiently } from "../test/patience.ts";
import { AttackedSandbox } from "./attacked-sandbox.ts";
import type { Canaries } from "./canaries.ts";
import { commandOf, descendants } from "./processes.ts";

/** Templates are shared by all attacks of one user: building them would take most of the time. */
const CACHE = process.env.ZTL_ATTACK_CACHE ?? join(tmpdir(), `ztl-attack-cache-${process.getuid?.() ?? 0}`);
/** A cell that was told to go is gone within milliseconds; the rest is for a busy machine. */
const GONE_WITHIN_MS = patiently(5000);

/** What an attack has to work with. Everything it opens here is closed and checked after it. */
export class Stage {
  readonly canaries: Canaries;
  /** An empty directory of this attack's own. */
  readonly directory: string;
  readonly cacheDirectory: string = CACHE;
  readonly #sandboxes: AttackedSandbox[] = [];
  readonly #loops: TestLoop[] = [];
  readonly #before: ReadonlySet<number>;
  #files = 0;

  constructor(canaries: Canaries) {
    this.canaries = canaries;
    this.directory = mkdtempSync(join(tmpdir(), "ztl-attack-"));
    chmodSync(this.directory, 0o755);
    this.#before = new Set(descendants());
  }

  /** A sandbox that is checked after the attack: no process of it is left, and its next run is like one in a new cell. */
  async sandbox(options: SandboxOptions = {}): Promise<AttackedSandbox> {
    const sandbox = await AttackedSandbox.open({ cacheDirectory: CACHE, ...options }, this.canaries);
    this.#sandboxes.push(sandbox);
    return sandbox;
  }

  /** A loop over directories of its own: the configuration of src/loop/testing.ts, changed as asked. */
  async loop(
    change?: (config: LoopConfig) => LoopConfig,
    options: Omit<LoopOptions, "config" | "directory"> = {},
  ): Promise<TestLoop> {
    const loop = await openTestLoop(change, { cacheDirectory: CACHE, cells: 1, ...options });
    this.#loops.push(loop);
    return loop;
  }

  /** A new file of the host in this attack's directory; gives its path. */
  file(content: Uint8Array | string, mode = 0o755): string {
    const path = join(this.directory, `file-${this.#files++}`);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  /** A new, empty directory of the host in this attack's directory; gives its path. */
  newDirectory(): string {
    const path = join(this.directory, `directory-${this.#files++}`);
    mkdirSync(path);
    return path;
  }

  /** What must hold after every attack. Throws what does not. */
  async verify(): Promise<void> {
    for (const sandbox of this.#sandboxes) await sandbox.verify();
    assert.deepEqual(this.canaries.problems(), []);
  }

  /** Ends all that the attack opened, and throws when a process of it will not go. */
  async close(): Promise<void> {
    const closing = [
      ...this.#sandboxes.map(({ sandbox }) => sandbox.close()),
      ...this.#loops.map((loop) => loop[Symbol.asyncDispose]()),
    ];
    const results = await Promise.allSettled(closing);
    rmSync(this.directory, { recursive: true, force: true });
    const left = await this.#leftOver();
    assert.deepEqual(left.map(commandOf), [], "processes outlived their sandbox");
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #leftOver(): Promise<number[]> {
    const untilMs = performance.now() + GONE_WITHIN_MS;
    for (;;) {
      const left = descendants().filter((pid) => !this.#before.has(pid));
      if (left.length === 0 || performance.now() > untilMs) return left;
      await sleep(20);
    }
  }
}
