import assert from "node:assert/strict";
import { CODE_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_RING, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const USER_RING = 3;
const SELECTORS = Array.from({ length: 0x48 }, (_, selector) => selector);

/** Ways to load CS together with RIP; `landing` is where the code goes on when it worked. */
function transitions(selector: number): Readonly<Record<string, string>> {
  const cs = `6a${selector.toString(16).padStart(2, "0")}`;
  // push SS; push RSP (as it is); pushfq; push CS; lea rax, [rip + n]; push rax; iretq
  return {
    iretq: `4889e0 6a2b 50 9c ${cs} 488d0503000000 50 48cf`,
    "iretq with a kernel stack": `4889e0 6a10 50 9c ${cs} 488d0503000000 50 48cf`,
    "far return": `${cs} 488d0503000000 50 48cb`,
    "far jump through memory": `6a00 4889e3 488d0509000000 488903 c7430${"8"}${selector.toString(16).padStart(2, "0")}000000 48ff2b`,
  };
}

export const attack: Attack = {
  promise: 26,
  must: "`iret`, far returns and far jumps to every selector of the descriptor table leave a program in ring 3 or end it.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 120_000,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    assert.ok(CODE_ADDRESS < 2 ** 31);
    let landed = 0;
    for (const selector of SELECTORS) {
      for (const [name, code] of Object.entries(transitions(selector))) {
        const about = `${name}, selector ${selector.toString(16)}`;
        const result = await machine.runOrLose(program(code, EXIT_WITH_RING), { about });
        if (result.exitCode === USER_RING) landed++;
        // On one paravirtual KVM the host's own 32-bit segment can be reached; what a program does there ends the machine.
        const isEnded = result.status === "signaled" || result.status === "error";
        assert.ok(isEnded || result.exitCode === USER_RING, `${about}: ${result.status} ${result.exitCode}`);
      }
    }
    // The user's own code segment must have worked, or nothing was tried. An emulated processor knows one of the ways less.
    assert.ok(landed >= 1, `${landed} landed`);
  },
};
