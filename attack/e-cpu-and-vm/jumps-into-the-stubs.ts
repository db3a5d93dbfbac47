import assert from "node:assert/strict";
import { SystemVa } from "../../src/vmm/layout.ts";
import { CODE_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { movR11, movRax, movRbx, movRcx, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** RCX is where the stub would return to; only the program's own code makes a loop of it. */
const RETURNS = {
  "the end of the lower half": 1n << 47n,
  "the upper half": -2n,
  "the program": BigInt(CODE_ADDRESS),
  "the stub": BigInt(SystemVa.syscallStub),
};

export const attack: Attack = {
  promise: 25,
  must: "A jump to any byte of the system call's or an exception's entry is an ordinary system call or fault of the program.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 120_000,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const offsets = [...Array.from({ length: 16 }, (_, offset) => offset), 0x100, 0x101, 0xfff];
    for (const [name, rcx] of Object.entries(RETURNS)) {
      for (const offset of offsets) {
        const jump = `${movRcx(rcx)} ${movR11(-1)} ${movRax(231)} 31ff ${movRbx(SystemVa.syscallStub + offset)} ffe3`;
        const about = `byte ${offset}, returning to ${name}`;
        const { status } = await machine.run(program(jump), { about });
        assert.ok(status === "signaled" || status === "ok", `${about}: ${status}`);
      }
    }
    const stubs = Array.from({ length: 32 }, (_, vector) => SystemVa.exceptionStubs + 32 * vector);
    const jumps = stubs.flatMap((address) =>
      [0, 1, 9, 10, 16].map((offset): [string, Buffer] => [
        `exception stub ${address.toString(16)} + ${offset}`,
        program(movRbx(address + offset), "ffe3"),
      ]),
    );
    await machine.endBySignal(jumps, ["SIGSEGV"]);
  },
};
