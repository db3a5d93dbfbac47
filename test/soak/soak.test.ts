import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../kvm.ts";

/** A short share of what `node test/soak/soak.ts --calls 20000` does. */
test("calls of every ending, kills and cancellations mixed in, leave nothing", { skip: kvmMissing() }, () => {
  const soak = fileURLToPath(new URL("soak.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [soak, "--calls", "600", "--json"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  const report = JSON.parse(stdout) as {
    calls: number;
    kills: number;
    complaints: string[];
    byKind: Record<string, number>;
  };
  assert.deepEqual(report.complaints, []);
  assert.equal(report.calls, 600);
  assert.ok(report.kills > 0 && Object.keys(report.byKind).length >= 15, stdout);
});
