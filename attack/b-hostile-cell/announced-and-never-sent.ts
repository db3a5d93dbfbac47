import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { HostilePool } from "../../src/sandbox/testing/hostile.ts";
import type { Attack } from "../attack.ts";
import { frame, honest, type Step, works } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A body that is announced and never comes is not allocated, even where the limits allow its size.",
  run: async () => {
    await using hostile = new HostilePool();
    await works(hostile);
    const before = process.memoryUsage.rss();
    const limits = { wallMs: 1000, overlayBytes: 3 * 2 ** 30, outputBytes: 3 * 2 ** 30 };
    const steps: Step[] = [frame(honest(), { bodyBytes: String(5 * 2 ** 30) }), { do: "wait", ms: 60_000 }];
    const run = assert.rejects(hostile.run(steps, limits), { code: "wall-limit" });
    await sleep(700);
    assert.ok(process.memoryUsage.rss() - before < 64 * 2 ** 20, "the host allocated what was only announced");
    await run;
    await works(hostile);
  },
};
