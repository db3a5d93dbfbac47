import type { Attack } from "../attack.ts";
import { movRax, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** `mov r, drN` and `mov drN, r` for all eight: breakpoints on the VMM's own entries would stop it. */
function moves(): [string, Buffer][] {
  return Array.from({ length: 8 }, (_, register) => register).flatMap((register): [string, Buffer][] => {
    const operand = (0xc0 | (register << 3)).toString(16);
    return [
      [`read of dr${register}`, program(`0f21${operand}`)],
      [`write of dr${register}`, program(movRax(0x7fff_f000_0000n), `0f23${operand}`)],
    ];
  });
}
/** user.h: u_debugreg, by ptrace(PTRACE_POKEUSER) on itself and its child; asm/unistd_64.h */
const POKE = "bf06000000 be01000000 ba50030000 49baffffffffffffffff b865000000 0f05";

export const attack: Attack = {
  promise: 26,
  must: "Debug registers are out of reach, by instruction and by tracing, so that no breakpoint stands in the VMM's code.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endBySignal(moves(), ["SIGSEGV"]);
    // ptrace answers with a negative number, so that the program says 0.
    await machine.endThemselves([["ptrace", program(POKE, "48c1e83f 83f001 0f95c0 84c0 7402 ebfe")]]);
  },
};
