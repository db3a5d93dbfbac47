import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { assertGone } from "../b-hostile-cell/cell.helper.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** What it does after an honest reply. */
const LATER: Readonly<Record<string, Doing<null>>> = {
  "another reply": ({ fs }) => fs.writeSync(3, Buffer.alloc(64, 1)),
  "bytes without end": ({ fs }) => {
    for (;;) fs.writeSync(3, Buffer.alloc(65536, 0xff));
  },
  "the channel closed": ({ call }) => {
    call(3, 3); // close
    call(7, 0, 0, -1); // poll
  },
  "its end": ({ call }) => call(231, 0), // exit_group
};

export const attack: Attack = {
  promise: 13,
  must: "Whatever a cell that was taken over does between two calls costs that cell, and no later call.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      for (const [name, later] of Object.entries(LATER)) {
        const { said, pid } = await captive.tries(() => "honest until here", null, { later });
        assert.equal(said, "honest until here", name);
        await sleep(200);
        // As many as there are cells: one of them gets the one that was taken over, if it is there still.
        const hello = await Promise.all([captive.honestly("echo hello"), captive.honestly("echo hello")]);
        assert.deepEqual(hello, ["hello\n", "hello\n"], name);
        await assertGone(pid);
      }
    }),
};
