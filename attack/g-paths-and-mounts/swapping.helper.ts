import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Stage } from "../stage.ts";

const RUNS = 15;
const PROGRAM = `for i in 1 2 3 4 5 6 7 8 9 10; do cat /m/d/secret.txt; ls /m/d /m/d/deep; cat /m/d/../d/secret.txt; done 2>/dev/null; true`;

/**
 * Has the host swap something of a mounted directory, which holds `d/secret.txt`, for a link to the canaries and back, as
 * fast as it can, while guests read there. Throws when they saw anything of the canaries.
 */
export async function readWhileSwapped(stage: Stage, swap: (host: string) => void): Promise<void> {
  const host = stage.newDirectory();
  mkdirSync(join(host, "d"));
  writeFileSync(join(host, "d", "secret.txt"), "inside");
  const sandbox = await stage.sandbox({ mounts: [{ kind: "ro", host, guest: "/m" }] });
  let [isRunning, swaps, seen] = [true, 0, ""];
  const runs = (async () => {
    for (let i = 0; i < RUNS; i++) {
      const result = await sandbox.run({ tool: "shell", code: PROGRAM });
      sandbox.assertContained(result);
      seen += result.stdoutText;
    }
  })().finally(() => {
    isRunning = false;
  });
  while (isRunning) {
    swap(host);
    swaps++;
    await turn();
  }
  await runs;
  assert.ok(swaps > RUNS, `${swaps} swaps`);
  assert.ok(!seen.includes(stage.canaries.secret) && !seen.includes("er\n"), seen);
}
