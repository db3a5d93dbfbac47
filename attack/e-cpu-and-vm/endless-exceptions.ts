import assert from "node:assert/strict";
import { endlessPrograms } from "../../test/attack/hostile-code.ts";
import type { Attack } from "../attack.ts";
import { MachineCode } from "./machine-code.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Loops of calls, of faults in a handler that returns, of page-ins and of rewritten code end at a limit of the run.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 120_000,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    for (const [about, code] of endlessPrograms()) {
      const { status } = await machine.run(code, { about });
      assert.equal(status, "limit", `${about}: ${status}`);
    }
  },
};
