import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "../../src/index.ts";
import { staticElf } from "../../test/attack/elf.ts";
import type { AttackedSandbox } from "../attacked-sandbox.ts";
import type { Stage } from "../stage.ts";

const LIMITS = { wallMs: 2000, cpuMs: 2000, memoryBytes: 64 << 20, processes: 8 } as const;

/** A sandbox for programs of a few instructions that no compiler makes. */
export class MachineCode {
  readonly sandbox: AttackedSandbox;
  readonly #directory: string;
  #programs = 0;

  private constructor(sandbox: AttackedSandbox, directory: string) {
    this.sandbox = sandbox;
    this.#directory = directory;
  }

  static async on(stage: Stage): Promise<MachineCode> {
    const directory = stage.newDirectory();
    const mounts = [{ kind: "ro", host: directory, guest: "/attack" } as const];
    return new MachineCode(await stage.sandbox({ mounts }), directory);
  }

  /** Runs code as a static program; whatever it does, it must end as a guest ends, and the cell must not. */
  async run(code: Uint8Array, options: { about?: string; data?: Uint8Array } = {}): Promise<RunResult> {
    const result = await this.runOrLose(code, options);
    this.sandbox.assertContained(result, options.about);
    return result;
  }

  /** The same, where the machine itself may be given up with the code for it, and a new one taken. */
  async runOrLose(
    code: Uint8Array,
    { about = "", data }: { about?: string; data?: Uint8Array } = {},
  ): Promise<RunResult> {
    const name = `program-${this.#programs++}`;
    writeFileSync(join(this.#directory, name), staticElf(code, data), { mode: 0o755 });
    const result = await this.sandbox.run({ tool: "exec", program: `/attack/${name}`, limits: LIMITS });
    if (result.status === "error") assert.equal(result.error.code, "guest-failed", `${about}: ${result.error.message}`);
    return result;
  }

  /** Each must be ended by a signal: what a program may not do is never passed over. */
  async endBySignal(programs: Iterable<readonly [name: string, code: Uint8Array]>, signals: string[]): Promise<void> {
    for (const [about, code] of programs) {
      const result = await this.run(code, { about });
      assert.equal(result.status, "signaled", `${about}: ${result.status} ${result.exitCode}`);
      assert.ok(result.status === "signaled" && signals.includes(result.signal), `${about}: ${JSON.stringify(result)}`);
    }
  }

  /** Each must end by itself or by a signal. */
  async endThemselves(programs: Iterable<readonly [name: string, code: Uint8Array]>): Promise<void> {
    for (const [about, code] of programs) {
      const { status } = await this.run(code, { about });
      assert.ok(["ok", "failed", "signaled"].includes(status), `${about}: ${status}`);
    }
  }
}
