import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../../src/vmm/testing.ts";
import { compile, compilerMissing, workshop } from "../conformance/harness.ts";

/** What the program says of itself, in milliseconds, with the signals its timers sent. */
interface Figures {
  readonly usage: number;
  readonly times: number;
  readonly clock: number;
  readonly children: number;
  readonly profiled: number;
  readonly virtual: number;
  readonly over: number;
  readonly wall: number;
}

/** Some half second of computing on the machines this runs on, and a quarter in a child. */
const MILLIONS = "600";
/** Loops that take turns with the program on its processor: it gets a third of it. */
const BUSY_LOOPS = 2;
const PROCESSOR = "0";
/** The loops end by themselves, whatever becomes of this test. */
const LOOP_SECONDS = "60";

const tasksetMissing =
  spawnSync("taskset", ["-c", PROCESSOR, "true"]).status === 0 ? false : "SKIPPED: taskset cannot pin a process here";

describe("CPU time on a host that is busy with something else", {
  skip: kvmMissing || compilerMissing || tasksetMissing,
}, () => {
  const loops: ChildProcess[] = [];
  let shop: ReturnType<typeof workshop>;
  let program: string;
  let guest: Figures;
  let native: Figures;

  before(() => {
    shop = workshop();
    program = compile(shop.directory, "computing", "cc", [], import.meta.dirname);
    for (let i = 0; i < BUSY_LOOPS; i++)
      loops.push(
        spawn("taskset", ["-c", PROCESSOR, "timeout", LOOP_SECONDS, "sh", "-c", "while :; do :; done"], {
          stdio: "ignore",
          detached: true,
        }),
      );
    const pinned = (...command: string[]): Figures =>
      JSON.parse(execFileSync("taskset", ["-c", PROCESSOR, ...command], { encoding: "utf8" })) as Figures;
    native = pinned(program, MILLIONS);
    guest = pinned(process.execPath, join(import.meta.dirname, "in-guest.ts"), shop.directory, program, MILLIONS);
  });
  after(() => {
    for (const { pid } of loops) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    shop.remove();
  });

  test("is what the program used, and not what passed", () => {
    assert.ok(guest.wall > 1.5 * guest.usage, `the host was busy: ${JSON.stringify(guest)}`);
    const ratio = guest.usage / native.usage;
    assert.ok(ratio > 0.5 && ratio < 2, `${guest.usage} ms in the guest, ${native.usage} ms natively`);
  });

  test("is the same by every clock, and for children", () => {
    for (const other of [guest.times, guest.clock])
      assert.ok(Math.abs(other - guest.usage) <= 25, JSON.stringify(guest));
    const share = guest.children / guest.usage;
    assert.ok(share > 0.3 && share < 0.9, JSON.stringify(guest));
  });

  test("is what timers and limits of CPU time go by", () => {
    for (const signals of [guest.profiled, guest.virtual]) {
      const expected = guest.usage / 50;
      assert.ok(signals > expected * 0.5 && signals < expected * 1.2 + 1, JSON.stringify(guest));
    }
    // One second was allowed, which passed by far on the wall.
    if (guest.usage < 950) assert.equal(guest.over, 0);
  });
});
