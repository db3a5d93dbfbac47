import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movRax, movRbx, movRcx, program, programs } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const INSTRUCTIONS = {
  vmrun: "0f01d8",
  vmload: "0f01da",
  vmsave: "0f01db",
  stgi: "0f01dc",
  clgi: "0f01dd",
  skinit: "0f01de",
  invlpga: "0f01df",
  vmxon: "f30fc73424",
  vmptrld: "0fc73424",
  vmptrst: "0fc73c24",
  vmclear: "660fc73424",
  vmlaunch: "0f01c2",
  vmresume: "0f01c3",
  vmxoff: "0f01c4",
  vmread: "0f78c0",
  vmwrite: "0f79c0",
  invept: "660f38800424",
  invvpid: "660f38810424",
  vmfunc: "31c0 31c9 0f01d4",
  seamcall: "660f01cf",
  pconfig: "0f01c5",
  getsec: "0f37",
};
/** linux/kvm_para.h: all that a guest's kernel may ask of KVM, and some that it may not. */
const HYPERCALLS = [1, 2, 5, 9, 10, 11, 12, 0x4b4d5600, -1];

export const attack: Attack = {
  promise: 26,
  must: "A program can neither start a machine of its own nor ask anything of the host's hypervisor.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endBySignal(programs(INSTRUCTIONS), ["SIGSEGV", "SIGILL"]);
    for (const number of HYPERCALLS) {
      for (const [name, code] of Object.entries({ vmcall: "0f01c1", vmmcall: "0f01d9" })) {
        // A hypercall from ring 3 is refused with a negative number or an exception; 0 would mean it was done.
        const asked = `${movRax(number)} ${movRbx(0)} ${movRcx(0)} ${code} 4885c0 0f94c0 ${EXIT_WITH_AL}`;
        const result = await machine.run(program(asked), { about: `${name} ${number}` });
        assert.ok(result.status === "signaled" || result.exitCode === 0, `${name} ${number} was answered`);
      }
    }
  },
};
