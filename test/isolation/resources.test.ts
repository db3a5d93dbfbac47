import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Sandbox } from "../../src/index.ts";
import { DEFAULT_LIMITS } from "../../src/linux/limits.ts";
import { START_TIMEOUT_DEFAULT_MS } from "../../src/sandbox/pool/pool.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { findGroupPlace } from "../../src/vmm/host/cgroup/place.ts";
import { removeStaleGroups } from "../../src/vmm/host/cgroup/stale.ts";
import { availableLayers } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";
import { patiently } from "../patience.ts";

/** The control group around each cell, on hosts that let this user make some. */

const ROOT = "/sys/fs/cgroup";
const SOURCE = JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)));

// The emulated machine has nobody who hands out controllers (on others a service manager does), so its tests do.
if (process.getuid?.() === 0 && existsSync(join(ROOT, "cgroup.subtree_control")) && findGroupPlace() === undefined) {
  try {
    writeFileSync(join(ROOT, "cgroup.subtree_control"), "+memory +pids +cpu");
  } catch {
    // Then there are none to be handed out, and what needs them is skipped.
  }
}

/** The defaults, and as much more where the processor is emulated. */
const PATIENT = {
  startTimeoutMs: patiently(START_TIMEOUT_DEFAULT_MS),
  limits: { wallMs: patiently(DEFAULT_LIMITS.wallMs), cpuMs: patiently(DEFAULT_LIMITS.cpuMs) },
};

const reason = availableLayers().missing.get("resources")?.step;
const skip = kvmMissing() || (reason === undefined ? false : `SKIPPED: no control groups: ${reason}`);

describe("the control group of a cell", { skip }, () => {
  let sandbox: Sandbox;
  let group: string;
  const mebibytes = (count: number): number => count * 2 ** 20;

  before(async () => {
    const options = { cells: 1, cacheDirectory: TEST_CACHE, isolation: { resources: "required" } } as const;
    sandbox = await Sandbox.open({ ...options, ...PATIENT });
    const run = await sandbox.run({ tool: "shell", code: "echo on" });
    assert.equal(run.stdoutText, "on\n", run.status === "error" ? run.error.message : run.status);
    assert.equal(run.isolation?.resources, true);
    group = groupOf(childPids()[0] as number);
  });

  after(() => sandbox.close());

  test("holds the cell and its launcher, and nothing else of this process", () => {
    assert.match(group, /\/ztl-\d+-\d+-\d+\/cell-\d+$/);
    const members = readFileSync(join(group, "cgroup.procs"), "latin1").trim().split("\n").map(Number);
    // KVM adds a thread of the kernel's, which has no command line.
    const programs = members.filter((pid) => readFileSync(`/proc/${pid}/cmdline`).length > 0);
    const cell = childPids()[0] as number;
    const launcher = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${cell}/status`, "latin1"))?.[1]);
    const expected = launcher === process.pid ? [cell] : [launcher, cell];
    assert.deepEqual(programs.sort(), expected.sort());
  });

  test("bounds memory, tasks and processors, a run with wider limits included", async () => {
    const limit = (name: string): string => readFileSync(join(group, name), "latin1").trim();
    const memory = Number(limit("memory.max"));
    assert.ok(memory > mebibytes(512) && memory < mebibytes(4096), String(memory));
    assert.equal(limit("pids.max"), "64");
    if (existsSync(join(group, "cpu.max"))) assert.equal(limit("cpu.max"), "200000 100000");
    const wide = await sandbox.run({ tool: "shell", code: "true", limits: { overlayBytes: mebibytes(2048) } });
    assert.equal(wide.status, "ok");
    assert.ok(Number(limit("memory.max")) > memory);
  });

  test("a cell that takes more is ended, which costs one call", async () => {
    const used = Number(readFileSync(join(group, "memory.current"), "latin1"));
    writeFileSync(join(group, "memory.max"), String(used + mebibytes(64)));
    const code = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}";
    const lost = await sandbox.run({ tool: "shell", code });
    assert.ok(lost.status === "error", lost.stdoutText);
    assert.equal(lost.error.code, "cell-lost");
    assert.equal((await sandbox.run({ tool: "shell", code: "echo on" })).stdoutText, "on\n");
  });

  test("goes with its cell, and the process's own with the last", async () => {
    const mine = dirname(groupOf(childPids()[0] as number));
    await sandbox.close();
    for (let tries = 0; tries < patiently(100) && existsSync(mine); tries++) await sleep(20);
    assert.ok(!existsSync(mine), `${mine} is left`);
  });
});

describe("groups of a process that was killed", { skip }, () => {
  test("are removed by the next one; those of others are not touched", async () => {
    const place = findGroupPlace()?.directory as string;
    const program = `
      const { Sandbox } = await import(${SOURCE});
      const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: ${JSON.stringify(TEST_CACHE)}, ...${JSON.stringify(PATIENT)} });
      await sandbox.run({ tool: "shell", code: "true" });
      console.log("ready");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    const left = (): string[] => readdirSync(place).filter((name) => name.includes(`-${child.pid}-`));
    assert.equal(left().length, 1);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(left().length, 1, "nobody was there to remove it");
    const foreign = ["ztl-notes", "ztl-1-1-1", "other"].map((name) => join(place, name));
    for (const path of foreign) mkdirSync(path);
    for (let tries = 0; tries < patiently(100) && left().length > 0; tries++) {
      await sleep(20);
      removeStaleGroups(place);
    }
    assert.deepEqual(left(), []);
    for (const path of foreign) {
      assert.ok(existsSync(path), path);
      spawnSync("rmdir", [path]);
    }
  });
});

/** By /proc/PID/cgroup, from outside of the cell's cgroup namespace. */
function groupOf(pid: number): string {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "latin1"))?.[1] ?? "";
  return join(ROOT, path);
}
