import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movRcx, program, programs } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** Events of the host's own work: fixed and general performance counters, and AMD's of its caches. */
const COUNTERS = [0, 1, 7, 0x4000_0000, 0x4000_0001, 0x8000_0000, 0xffff_ffff];
const OTHERS = {
  umonitor: "f30faef0",
  umwait: "f20faef0",
  tpause: "31c0 31d2 660faef0",
  rdpkru: "31c9 0f01ee",
  wrpkru: "31c9 31c0 31d2 0f01ef",
};

export const attack: Attack = {
  promise: 26,
  must: "Performance counters and protection keys are refused, and waiting instructions give the processor back.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const counters = COUNTERS.map((number): [string, Buffer] => [`rdpmc ${number}`, program(movRcx(number), "0f33")]);
    await machine.endBySignal(counters, ["SIGSEGV", "SIGILL"]);
    await machine.endThemselves(programs(OTHERS));
    // The counter itself runs, and forwards.
    const forwards = "0f31 89c3 89d6 0f31 48c1e220 4809d0 48c1e620 4809f3 4839d8 0f92c0";
    assert.equal((await machine.run(program(forwards, EXIT_WITH_AL))).status, "ok");
  },
};
