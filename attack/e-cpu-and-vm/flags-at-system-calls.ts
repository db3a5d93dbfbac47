import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movR11, movRax, movRcx, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const FLAGS = { DF: 0x400n, AC: 0x4_0000n, NT: 0x4000n, ID: 0x20_0000n, all: 0x26_4fd5n };
/** getpid, then a page that must be brought in, then an exception that is a signal's default of being ignored. */
const WORK = "b827000000 0f05 488d842400f0ffff 8a00";

export const attack: Attack = {
  promise: 26,
  must: "Direction, alignment, nested-task and other flags that stand at a system call or fault do not disturb its answer.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    for (const [name, flags] of Object.entries(FLAGS)) {
      for (const [where, rcx] of Object.entries({ "a wild rcx": 1n << 47n, "a low rcx": 0n, "a high rcx": -1n })) {
        const code = program(movRax(flags | 2n), "50 9d", movRcx(rcx), movR11(-1), WORK, `31c0 ${EXIT_WITH_AL}`);
        const result = await machine.run(code, { about: `${name}, ${where}` });
        assert.ok(result.status === "ok" || result.status === "signaled", `${name}, ${where}: ${result.status}`);
      }
    }
  },
};
