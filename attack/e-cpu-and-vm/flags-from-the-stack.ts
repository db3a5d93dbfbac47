import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movRax, program, SYSTEM_CALL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** pushfq; pop rax; test eax, IOPL | VM | VIF | VIP; setnz al */
const TELL_FORBIDDEN = "9c 58 a900301a00 0f95c0";

export const attack: Attack = {
  promise: 26,
  must: "`popf` gives none of the flags that are the kernel's, also with a system call or an exception in between.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    // Every combination of DF, OF, IOPL, NT, RF, VM, AC, VIF, VIP and ID in steps, without TF, which ends the program.
    for (let combination = 0; combination < 64; combination++) {
      const flags = BigInt(combination) << 10n;
      const high = BigInt(combination) << 16n;
      for (const [name, between] of Object.entries({ nothing: "", "a system call": SYSTEM_CALL, int3: "90" })) {
        const code = program(movRax(flags | high | 2n), "50 9d", between, TELL_FORBIDDEN, EXIT_WITH_AL);
        const result = await machine.run(code, { about: `${combination}, ${name}` });
        // With AC the pushes and pops are aligned; nothing here should fault.
        assert.equal(result.exitCode, 0, `${combination}, ${name}: ${JSON.stringify(result)}`);
      }
    }
  },
};
