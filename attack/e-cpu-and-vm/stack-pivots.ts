import { CODE_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { movRax, movRsp, program, SYSTEM_CALL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const VMM = 0x7fff_f000_0000n;
const STACKS = {
  nowhere: 0n,
  "the last address of the lower half": (1n << 47n) - 8n,
  "no address": 1n << 47n,
  "the upper half": -4096n,
  "the program's code": BigInt(CODE_ADDRESS) + 64n,
  "the call stub": VMM + 16n,
  "the descriptor table": VMM + 0x1040n,
  "the task state": VMM + 0x2068n,
  "the interrupt table": VMM + 0x3200n,
  "the exception stubs": VMM + 0x4400n,
  "the guard page": VMM + 0x6000n,
  "the interrupt stack": VMM + 0x7000n,
  "the interrupt stack's frame": VMM + 0x6fd8n,
  "the doorbell": VMM + 0x10_0008n,
};
const USES = {
  push: "50",
  "push of all flags": "9c",
  call: "e800000000",
  enter: "c8ffff1f",
  "int3 and on": "cc 90",
  "an invalid instruction": "0f0b",
  "a division by zero": "31c9 f7f1",
  "a page fault": `${movRax(0x1000)} 8a00`,
  "a system call": SYSTEM_CALL,
  "a signal to itself": "b827000000 0f05 89c7 be0a000000 b83e000000 0f05",
};

export const attack: Attack = {
  promise: 25,
  must: "Whatever a program's stack pointer names, its exceptions and calls are answered, and nothing of the VMM's is written.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endThemselves(
      Object.entries(STACKS).flatMap(([stack, address]) =>
        Object.entries(USES).map(([use, code]): [string, Buffer] => [
          `${use} on ${stack}`,
          program(movRsp(address), code),
        ]),
      ),
    );
  },
};
