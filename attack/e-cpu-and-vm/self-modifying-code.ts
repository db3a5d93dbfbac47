import assert from "node:assert/strict";
import { CODE_ADDRESS, DATA_ADDRESS, syscall } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, program, programs } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const READ_ONLY = { "the instruction ahead": "c60502000000 90 9090", "a byte of the page": "c6042500004090" };
/** mprotect of the code to read, write and execute, then an immediate ahead is rewritten 200 times and must be taken each time. */
const REWRITE = [
  syscall(10, CODE_ADDRESS, 4096, 7).toString("hex"),
  "31db 31c9",
  "fec1 880d01000000 b000 00c3 80f9c8 75ef",
].join(" ");
/** The sum of 1 to 200, in a byte. */
const SUM = ((200 * 201) / 2) % 256;

export const attack: Attack = {
  promise: 26,
  must: "Code that rewrites itself is a fault where its pages are read-only, and runs as rewritten where they are not.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    await machine.endBySignal(programs(READ_ONLY), ["SIGSEGV"]);
    const jump = syscall(10, DATA_ADDRESS, 4096, 3).toString("hex");
    await machine.endBySignal([["a jump into data", program(jump, "b800006000 ffe0")]], ["SIGSEGV"]);
    const result = await machine.run(program(REWRITE, `88d8 ${EXIT_WITH_AL}`));
    assert.equal(result.exitCode, SUM, `${result.status}`);
  },
};
