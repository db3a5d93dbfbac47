import assert from "node:assert/strict";
import { Random } from "../../test/attack/random.ts";
import type { Attack } from "../attack.ts";
import { EXIT_WITH_RING } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";
import { forgedFrame, LANDING, returning } from "./sigreturn.helper.ts";

const FRAMES = 250;
const USER_RING = 3;
const ADDRESSES = [0n, 0x1000n, 1n << 47n, (1n << 47n) - 1n, 0xffff_8000_0000_0000n, -1n, -4096n, 0x7fff_f000_0000n];
const SELECTORS = [0, 1, 3, 8, 0x10, 0x18, 0x1b, 0x20, 0x23, 0x28, 0x2b, 0x30, 0x33, 0x38, 0x3b, 0x7fff, 0xffff];

export const attack: Attack = {
  promise: 26,
  must: "A forged signal frame with hostile code and stack segments, instruction pointers and flags gives no other ring.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const random = new Random(20_240_501);
    let landed = 0;
    for (let index = 0; index < FRAMES; index++) {
      const frame = {
        rip: random.below(3) === 0 ? random.pick(ADDRESSES) : BigInt(LANDING),
        rsp: random.below(3) === 0 ? random.pick(ADDRESSES) : 0x60_8000n,
        flags: random.below(2) === 0 ? random.u64() : 0x202n,
        cs: random.pick(SELECTORS),
        ss: random.pick(SELECTORS),
      };
      const about = `frame ${index}: ${JSON.stringify(frame, (_, value) => (typeof value === "bigint" ? value.toString(16) : value))}`;
      const result = await machine.run(returning(EXIT_WITH_RING), { about, data: forgedFrame(frame) });
      if (result.exitCode === USER_RING) landed++;
      assert.ok(result.status === "signaled" || result.exitCode === USER_RING, `${about}: ${JSON.stringify(result)}`);
    }
    assert.ok(landed > FRAMES / 10, `only ${landed} frames were returned to`);
  },
};
