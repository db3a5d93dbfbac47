import { SystemVa } from "../../src/vmm/layout.ts";
import type { Attack } from "../attack.ts";
import { movRax, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const LOADS = {
  "mov byte": "8a00",
  movups: "0f1000",
  "rep movsb from it": "4889c6 48c7c700006000 b900100000 f3a4",
  "lea and compare": "8038ff",
  pop: "4889c4 58",
  ret: "4889c4 c3",
  iretq: "4889c4 48cf",
  fxrstor: "0fae08",
  xrstor: "480fae28",
  fldenv: "d920",
  ldmxcsr: "0fae10",
  "lss from it": "480fb220",
  "jump through it": "ff20",
  gather: "660f76c9 31c9 c4e2f59044 0800",
};

export const attack: Attack = {
  promise: 25,
  must: "No kind of load reads the VMM's pages into a program, also not those that read on the way to another fault.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const pages = Object.entries(SystemVa).filter(([name]) => name !== "syscallStub");
    const tries = pages.flatMap(([place, address]) =>
      Object.entries(LOADS).map(([load, code]): [string, Buffer] => [
        `${load} at ${place}`,
        program(movRax(address + 64), code),
      ]),
    );
    await machine.endBySignal(tries, ["SIGSEGV", "SIGBUS", "SIGILL"]);
  },
};
