import assert from "node:assert/strict";
import { DATA_ADDRESS } from "../../test/attack/elf.ts";
import { Random } from "../../test/attack/random.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_AL } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";
import { FPSTATE_ADDRESS, forgedFrame, returning } from "./sigreturn.helper.ts";

const STATES = 120;
/** asm/sigcontext.h: what says that an extended state follows, and how long it is. */
const MAGIC1 = 0x4650_5853;
const MAGIC2 = 0x4650_5845;
const SOFTWARE_BYTES = 464;
const XSTATE_HEADER = 512;
/** MXCSR's reserved bits make `fxrstor` fault in the kernel's name. */
const MXCSR = 24;
const POINTERS = [0n, 1n, FPSTATE_ADDRESS + 1n, FPSTATE_ADDRESS + 64n, BigInt(DATA_ADDRESS) + 0xffc0n, 1n << 47n, -64n];

function hostileState(random: Random): Buffer {
  const state = random.bytes(4096);
  if (random.below(2) === 0) state.writeUInt32LE(MAGIC1, SOFTWARE_BYTES);
  const size = random.pick([0, 1, 512, 575, 576, 832, 2696, 4092, 0xffff_ffff]);
  state.writeUInt32LE(size, SOFTWARE_BYTES + 16);
  if (size < 4092) state.writeUInt32LE(MAGIC2, size);
  if (random.below(2) === 0) state.writeUInt32LE(0x1f80, MXCSR);
  if (random.below(2) === 0) state.fill(0, XSTATE_HEADER + 8, XSTATE_HEADER + 64);
  return state;
}

export const attack: Attack = {
  promise: 26,
  must: "A forged floating-point state in a signal frame is loaded or refused, and never faults anywhere but in the program.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const random = new Random(7);
    const programs: { about: string; data: Buffer }[] = [];
    for (let index = 0; index < STATES; index++) {
      const fpstate = random.below(4) === 0 ? random.pick(POINTERS) : FPSTATE_ADDRESS;
      programs.push({ about: `state ${index}`, data: forgedFrame({ fpstate }, hostileState(random)) });
    }
    let landed = 0;
    for (const { about, data } of programs) {
      const { status } = await machine.run(returning(`31c0 ${EXIT_WITH_AL}`), { about, data });
      if (status === "ok") landed++;
    }
    assert.ok(landed > STATES / 10, `only ${landed} states were returned to`);
  },
};
