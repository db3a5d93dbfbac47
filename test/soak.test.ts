import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../src/vmm/testing.ts";

/** A short soak; `npm run soak` makes 20,000 calls. */
test("calls of every kind of ending in a row: none goes wrong, nothing is left", { skip: kvmMissing }, () => {
  const soak = fileURLToPath(new URL("../bench/soak.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [soak, "--calls", "1200"], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /1200 calls, 1 kills, 0 wrong/);
  assert.match(stdout, /no process is left/);
});
