import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Sandbox } from "../src/index.ts";
import { childPids, findProgram, TEST_CACHE } from "../src/sandbox/testing.ts";
import { kvmMissing } from "./kvm.ts";

/** Calls that are looked at, until one was left in peace: beside other tests a call may last until its clock is read once more. */
const CALLS = 200;
/**
 * What a warm call cannot do without: it is read in two pieces, the timer is set and stopped, the processor's clock is read
 * at the start, the guest is entered once for each of its two system calls, the rollback asks which pages changed and sets
 * the vector registers, the answer is written. System registers are left out: how often they are set differs from host to
 * host with the way a guest's `syscall` arrives (src/vmm/syscall-ring.ts).
 */
const NEEDED = [
  ...["read", "read", "timer_settime", "timer_settime", "clock_gettime"],
  ...["ioctl KVM_RUN", "ioctl KVM_RUN", "ioctl KVM_GET_DIRTY_LOG", "ioctl KVM_SET_XSAVE"],
  "writev",
].sort();

function tracingMissing(): string | false {
  if (kvmMissing()) return kvmMissing();
  if (findProgram("strace") === undefined) return "strace is not installed";
  return process.getuid?.() === 0 ? false : "only root may trace a cell";
}

/** The system calls of each answered request, by name, from strace's lines. */
function callsByRequest(log: string): string[][] {
  const requests: string[][] = [[]];
  for (const line of log.split("\n")) {
    const name = /^(\w+)\(/.exec(line)?.[1];
    const request = /^ioctl\(\d+, (\w+)/.exec(line)?.[1];
    if (name === undefined || request === "KVM_SET_SREGS") continue;
    requests.at(-1)?.push(request === undefined ? name : `${name} ${request}`);
    if (name === "writev") requests.push([]);
  }
  return requests.slice(0, -1);
}

test("a warm call makes no system call on the host that it could do without", { skip: tracingMissing() }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "ztl-warm-call-"));
  const log = join(directory, "log");
  await using sandbox = await Sandbox.open({ cells: 1, prewarm: ["python"], cacheDirectory: TEST_CACHE });
  const run = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done++)
      assert.equal((await sandbox.run({ tool: "python", code: "print(1)" })).status, "ok");
  };
  try {
    await run(3);
    // One thread: the others collect garbage and compile when V8 sees fit.
    const tracer = spawn("strace", ["-o", log, "-p", String(childPids()[0])], { stdio: ["ignore", "ignore", "pipe"] });
    await once(tracer.stderr, "data");
    await run(CALLS);
    tracer.kill("SIGINT");
    await once(tracer, "close");
    const requests = callsByRequest(readFileSync(log, "utf8"));
    const fewest = requests.reduce((best, calls) => (calls.length < best.length ? calls : best));
    assert.deepEqual(fewest.sort(), NEEDED);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
