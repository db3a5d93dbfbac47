import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** rt_sigreturn(2) with a frame of one byte repeated, its stack given back or not. */
const returnTo: Doing<number> = ({ memory, run }, byte) => {
  const frame = memory(new Uint8Array(8192).fill(byte));
  const address = new Uint8Array(BigUint64Array.of(BigInt(frame) + 1024n).buffer);
  // mov rsp, frame; mov eax, 15; syscall
  return run(Uint8Array.from([0x48, 0xbc, ...address, 0xb8, 15, 0, 0, 0, 0x0f, 0x05]));
};

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over ends itself, and nothing else, with a forged signal frame.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      for (const byte of [0, 0x2b, 0x33, 0x80, 0xff]) {
        const { ended, said } = await captive.tries(returnTo, byte);
        assert.equal(ended, "SIGSEGV", said);
      }
    }),
};
