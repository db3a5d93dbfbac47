import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type RunResult, Sandbox, type SandboxEvent, type SandboxOptions, type ToolCall } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";

/**
 * How long after its limit a call may take to come back. The limits are what is tested, not this machine's speed, so the
 * margin is what the host process itself gives a cell before it kills it (sandbox/run.ts), and a little more.
 */
export const GRACE_MS = 8000;

/** A sandbox with a host directory at /attack (read-only) for hostile programs, and a record of what it tells. */
export class Target implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly directory: string;
  readonly events: SandboxEvent[];
  #programs = 0;

  private constructor(sandbox: Sandbox, directory: string, events: SandboxEvent[]) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.events = events;
  }

  static async open(options: Partial<SandboxOptions> = {}): Promise<Target> {
    const directory = mkdtempSync(join(tmpdir(), "ztl-attack-"));
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, "directory"));
    const events: SandboxEvent[] = [];
    const sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      ...options,
      mounts: [{ kind: "ro", host: directory, guest: "/attack" }, ...(options.mounts ?? [])],
      onEvent: (event) => events.push(event),
    });
    return new Target(sandbox, directory, events);
  }

  /** Puts a file at /attack and returns its guest path. */
  program(bytes: Uint8Array | string, mode = 0o755): string {
    const name = `p${this.#programs++}`;
    const path = join(this.directory, name);
    writeFileSync(path, bytes);
    chmodSync(path, mode);
    return `/attack/${name}`;
  }

  /** Gives a program made before another content. */
  overwrite(program: string, bytes: Uint8Array | string): void {
    writeFileSync(join(this.directory, basename(program)), bytes);
  }

  /** Runs a call that must come back within its wall limit and some grace. */
  async run(call: ToolCall, signal?: AbortSignal): Promise<RunResult> {
    const wallMs = call.limits?.wallMs ?? 5000;
    const started = performance.now();
    const result = await this.sandbox.run({ ...call, limits: { wallMs, ...call.limits } }, signal ? { signal } : {});
    const tookMs = performance.now() - started;
    assert.ok(tookMs < wallMs + GRACE_MS, `came back after ${tookMs} ms with a wall limit of ${wallMs} ms`);
    return result;
  }

  /** Nothing of the cell broke: whatever the guest did, it ended as a guest ends. */
  assertContained(result: RunResult, about: string): void {
    assert.notEqual(result.status, "error", `${about}: ${JSON.stringify(result.status === "error" && result.error)}`);
    this.assertNoCellLost(about);
  }

  /** As above, but the program may also have been refused before it ran. */
  assertEndedByItself(result: RunResult, about: string): void {
    const refused = result.status === "error" && result.error.code.startsWith("program-");
    if (!refused) this.assertContained(result, about);
    this.assertNoCellLost(about);
  }

  assertNoCellLost(about = ""): void {
    const lost = this.events.filter((event) => event.type === "cell-lost");
    assert.deepEqual(lost, [], about);
  }

  /** The pool goes on: an ordinary call gives the right answer, and nothing of the attack is left in it. */
  async assertGoesOn(tool: "python" | "shell" | "exec"): Promise<void> {
    const call: ToolCall =
      tool === "python"
        ? { tool, code: "import os; print(6 * 7, os.listdir('/tmp'))" }
        : tool === "shell"
          ? { tool, code: "echo 42 $(ls /tmp | wc -l)" }
          : { tool, program: "/bin/sh", args: ["-c", "echo 42 $(ls /tmp | wc -l)"] };
    const result = await this.run({ ...call, limits: { wallMs: 20_000 } });
    assert.equal(
      result.stderrText,
      "",
      `${result.status} ${JSON.stringify(result.status === "error" && result.error)}`,
    );
    assert.equal(result.stdoutText, tool === "python" ? "42 []\n" : "42 0\n");
    assert.equal(result.status, "ok");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
