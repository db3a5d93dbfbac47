import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Waits on a word of the C library's code, which all processes share, or wakes who waits there (futex(2), not private). */
const onSharedWord: Doing<"wait" | "wake"> = (powers, act) => {
  const second = (seconds: bigint, nanoseconds: bigint): number =>
    powers.memory(new Uint8Array(BigInt64Array.of(seconds, nanoseconds).buffer));
  const address = BigInt(powers.koffi.load("libc.so.6").symbol("strtol")) & ~3n;
  const value = new DataView(powers.koffi.view(address, 4)).getUint32(0, true);
  if (act === "wait") return powers.call(202, address, 0, value, second(3n, 0n));
  for (let tries = 0; tries < 20; tries++) {
    if (powers.call(202, address, 1, 1) > 0) return "woke another process";
    powers.call(35, second(0n, 100_000_000n), 0);
  }
  return "woke nobody";
};

export const attack: Attack = {
  promise: 22,
  must: "Two cells that were taken over cannot wake one another by a futex in a file that both have mapped.",
  needs: ["kvm"],
  quick: true,
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const ends = await Promise.all([captive.tries(onSharedWord, "wait"), captive.tries(onSharedWord, "wake")]);
      for (const { ended, said } of ends) assert.equal(ended, "SIGSYS", said);
    }),
};
