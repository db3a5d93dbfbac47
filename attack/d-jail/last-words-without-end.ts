import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { assertGone } from "../b-hostile-cell/cell.helper.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

const talk: Doing<null> = ({ call, memory }) => {
  const words = memory(Buffer.alloc(65536, "words "));
  for (;;) call(1, 2, words, 65536); // write
};
/** Ends long before this limit. */
const WALL_MS = 20_000;
const HOST_BYTES_MAX = 128 * 2 ** 20;

export const attack: Attack = {
  promise: 16,
  must: "A cell that was taken over and talks without end, at work or idle, is ended for it, and neither fills the host process nor keeps it busy.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const before = process.memoryUsage.rss();
      const during = await captive.tries(talk, null, { limits: { wallMs: WALL_MS } });
      assert.equal(during.code, "cell-misbehaved", during.message ?? during.said);
      const { said, pid } = await captive.tries(() => "honest until here", null, { later: talk });
      assert.equal(said, "honest until here");
      // Nobody asks anything of it any more.
      await sleep(200);
      await assertGone(pid);
      const grew = process.memoryUsage.rss() - before;
      assert.ok(grew < HOST_BYTES_MAX, `the host process grew by ${grew} bytes`);
    }),
};
