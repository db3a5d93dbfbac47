import assert from "node:assert/strict";
import { DATA_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL, movRax, movRcx, movRdi, movRsi, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const DOORBELL = 0x7fff_f010_0000;
/** More accesses than anybody would wait for; the emulation of the first leaves the processor in the middle of it. */
const COUNT = (1n << 40n) + (1n << 20n);
const STRINGS = {
  "rep movsb from": "f3a4",
  "rep movsd from": "f3a5",
  "rep movsq from": "f348a5",
  "rep lodsb": "f3ac",
  "rep lodsq": "f348ad",
  "repe cmpsb": "f3a6",
  "repne cmpsq": "f248a7",
  "rep outsb": "f36e",
  "32-bit rep movsb": "67f3a4",
  "rep movsb, backwards": "fd f3a4",
};
const TO = {
  "rep stosb": "f3aa",
  "rep stosq": "f348ab",
  "rep movsb to": "f3a4",
  "repne scasb": "f2ae",
  "rep insb": "f36c",
};
/** What the next run must say: nothing of the instruction before it acts in it. */
const HONEST = program(movRax(42), `88c3 88d8 ${EXIT_WITH_AL}`);

export const attack: Attack = {
  promise: 20,
  must: "A repeated access to the VMM's pages, stopped in its middle, is not gone on with in the program or the run after it.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const from = Object.entries(STRINGS).map(([name, code]) => ({ name, code, rsi: DOORBELL + 3, rdi: DATA_ADDRESS }));
    const to = Object.entries(TO).map(([name, code]) => ({ name, code, rsi: DATA_ADDRESS, rdi: DOORBELL + 3 }));
    for (const { name, code, rsi, rdi } of [...from, ...to]) {
      const hostile = program(movRcx(COUNT), movRsi(rsi), movRdi(rdi), code);
      const { status } = await machine.run(hostile, { about: name });
      assert.equal(status, "signaled", `${name}: ${status}`);
      const next = await machine.run(HONEST, { about: `after ${name}` });
      assert.equal(next.exitCode, 42, `after ${name}: ${next.status} ${next.exitCode}`);
    }
  },
};
