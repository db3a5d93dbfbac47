import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { availableLayers } from "../../src/vmm/index.ts";
import type { Attack } from "../attack.ts";
import { assertGone } from "../b-hostile-cell/cell.helper.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Takes memory until it may not any more, or has as much as an attack can take from a host that others use, too. */
const take: Doing<number> = ({ call, koffi }, most) => {
  const piece = 64 * 2 ** 20;
  for (let taken = 0; taken < most; taken += piece) {
    const address = call(9, 0, piece, 3, 0x22, -1, 0); // mmap
    if (address < 0) break;
    new Uint8Array(koffi.view(BigInt(address), piece)).fill(1);
  }
  call(7, 0, 0, -1); // poll: keeps it
};

/** Of memory that is short, the kernel takes first from whoever has the highest (proc_pid_oom_score(5)). */
const oomScore = (pid: number | "self"): number => Number(readFileSync(`/proc/${pid}/oom_score`, "utf8"));
const residentBytes = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
/** In a control group of its own it ends at about half of this; without, it is what a host can spare for a moment. */
const isBounded = availableLayers().available.has("resources");
const TAKEN_BYTES = isBounded ? 4 * 2 ** 30 : 1.5 * 2 ** 30;
const SEEN_BYTES = 2 ** 29;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over and takes memory without end is what the kernel ends for it, and gives all of it back.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(
      stage,
      async (captive) => {
        const cell = await captive.pool.acquire();
        const pid = cell.pid ?? 0;
        captive.pool.release(cell);
        let isOver = false;
        const trying = captive.tries(take, TAKEN_BYTES, { limits: { wallMs: 5000 } }).finally(() => {
          isOver = true;
        });
        let [score, mine] = [0, 0];
        while (!isOver && score === 0) {
          await sleep(20);
          if (!isOver && residentBytes(pid) > SEEN_BYTES) [score, mine] = [oomScore(pid), oomScore("self")];
        }
        const outcome = await trying;
        assert.notEqual(outcome.code, undefined, outcome.said);
        assert.equal(outcome.pid, pid);
        assert.ok(score > mine, `the cell's score is ${score}, the host process's ${mine}`);
        if (isBounded) assert.equal(outcome.ended, "SIGKILL", outcome.message);
        await assertGone(pid);
      },
      { cells: 1 },
    ),
};
