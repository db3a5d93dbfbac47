import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Machine code that no processor goes on with. */
const CODE: Readonly<Record<string, readonly number[]>> = {
  "an instruction that is none": [0x0f, 0x0b],
  "a privileged one": [0xf4],
  "a break point": [0xcc],
  "a division by zero": [0x31, 0xc0, 0x31, 0xc9, 0xf7, 0xf1],
  "an address that is none": [0x48, 0x31, 0xc0, 0x48, 0xf7, 0xd0, 0x8a, 0x00],
  "a stack without end": [0x50, 0xeb, 0xfd],
};

const run: Doing<readonly number[]> = (powers, code) => powers.run(Uint8Array.from(code));
const abort: Doing<null> = () => process.abort();

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over leaves no core file and no other trace on the host when it crashes.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      // A cell's own directory is the root (src/sandbox/cell/start.ts), and a core file would lie in this or in that.
      const before = [readdirSync("/"), readdirSync(".")];
      for (const [name, code] of Object.entries(CODE)) {
        // SIGSYS where V8 has a handler, which would put the signal's default back.
        assert.match((await captive.tries(run, code)).ended ?? "", /^SIG(ILL|SEGV|TRAP|FPE|SYS)$/, name);
      }
      assert.match((await captive.tries(abort, null)).ended ?? "", /^SIG(ABRT|SYS)$/);
      assert.deepEqual([readdirSync("/"), readdirSync(".")], before);
    }),
};
