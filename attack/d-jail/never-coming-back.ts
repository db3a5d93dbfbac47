import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { assertGone } from "../b-hostile-cell/cell.helper.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Ways of not answering. */
const WAYS: Readonly<Record<string, Doing<null>>> = {
  "a loop": () => {
    for (;;);
  },
  "a loop in machine code, with all signals blocked": ({ call, memory, run }) => {
    call(14, 0, memory(new Uint8Array(8).fill(255)), 0, 8); // rt_sigprocmask: SIG_BLOCK
    return run(Uint8Array.from([0xeb, 0xfe]));
  },
  "loops in all of V8's threads": ({ onOtherThreads }) => {
    onOtherThreads(Uint8Array.from([0xeb, 0xfe]), 5);
    for (;;);
  },
  "the main thread leaves, the others stay": ({ call }) => call(60, 0), // exit
  "waiting without end": ({ call }) => call(7, 0, 0, -1), // poll
  "with the channel closed": ({ call }) => {
    for (const fd of [3, 2, 1, 0]) call(3, fd); // close
    call(7, 0, 0, -1);
  },
};
const WALL_MS = 300;

export const attack: Attack = {
  promise: 22,
  must: "However a cell that was taken over avoids to answer, its call ends at its time limit, and the cell with it.",
  needs: ["kvm"],
  timeoutMs: 120_000,
  run: (stage) =>
    withCaptive(
      stage,
      async (captive) => {
        await Promise.all(
          Object.entries(WAYS).map(async ([name, way]) => {
            const { code, pid, said } = await captive.tries(way, null, { limits: { wallMs: WALL_MS } });
            assert.ok(code === "wall-limit" || code === "cell-lost", `${name}: ${code} ${said}`);
            await assertGone(pid);
          }),
        );
      },
      { cells: Object.keys(WAYS).length },
    ),
};
