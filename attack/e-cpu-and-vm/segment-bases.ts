import type { Attack } from "../attack.ts";
import { movRax, program, SYSTEM_CALL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const BASES = [
  0n,
  -1n,
  -8n,
  -4096n,
  1n << 47n,
  (1n << 47n) - 8n,
  1n << 63n,
  0x7fff_f000_0000n,
  0x7fff_f010_0000n,
  0xffff_8880_0000_0000n,
];
const WRITES = {
  wrfsbase: "f3480faed0",
  wrgsbase: "f3480faed8",
  "arch_prctl(ARCH_SET_FS)": "4889c6 bf02100000 b89e000000 0f05",
};
const USES = {
  read: "65488b042500000000 64488b042500000000",
  write: "65c7042500000000ffffffff 64c7042500000000ffffffff",
  "a call through it": "6548ff142500000000",
  "a system call, then a read": `${SYSTEM_CALL} 64488b042500000000`,
  "an exception": "0f0b",
};

export const attack: Attack = {
  promise: 25,
  must: "A segment base at the VMM's pages, in the upper half or at no address at all reaches nothing but the program's own memory.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const tries = Object.entries(WRITES).flatMap(([write, writing]) =>
      BASES.flatMap((base) =>
        Object.entries(USES).map(([use, using]): [string, Buffer] => [
          `${write} ${base.toString(16)}, ${use}`,
          program(movRax(base), writing, using),
        ]),
      ),
    );
    await machine.endThemselves(tries);
  },
};
