import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type RunResult, Sandbox } from "../../src/index.ts";
import { probeHost } from "../../src/vmm/index.ts";

/** The whole product on hardware virtualisation: what its users see first. */

const launcher = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));

function ztl(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
}

test("this is the kind of host it is meant to be: `syscall` lands in ring 0", () => {
  const { usable, syscallRing, problems, modules } = probeHost();
  assert.deepEqual({ usable, syscallRing, problems }, { usable: true, syscallRing: 0, problems: [] });
  assert.ok(modules.includes("kvm_amd"));
});

test("ztl doctor finds nothing missing", (t) => {
  const { status, stdout, stderr } = ztl("doctor");
  t.diagnostic(stdout + stderr);
  assert.equal(status, 0);
});

test("ztl run: Python and shell", () => {
  assert.deepEqual(ztl("run", "--python", "print(6*7)"), answer("42\n"));
  assert.deepEqual(ztl("run", "--shell", "seq 3 | sort -r"), answer("3\n2\n1\n"));
});

function answer(stdout: string): Partial<ReturnType<typeof spawnSync>> {
  return { status: 0, stdout, stderr: "" } as Partial<ReturnType<typeof spawnSync>>;
}
