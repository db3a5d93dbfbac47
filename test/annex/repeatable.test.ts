import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { annexMissing } from "./missing.ts";

const deterministic = { seed: "a7".repeat(32), clockMs: Date.UTC(2031, 0, 1) };

/** Reads, asks and watches the clock, which moves with each call: in a pipeline, in threads, with a timer. */
const PROGRAMS: Readonly<Record<string, string>> = {
  pipeline:
    "for i in 1 2 3; do find . -type f | xargs grep -l odd | sort | tail -2; date +%s.%N; done; tar cf - . | md5sum",
  threads: `python3 -c "
import os, threading, time
def work(name):
    for i in range(150):
        with open(f'{i % 50}') as file: text = file.read()
        os.stat(f'{(i + 1) % 50}')
        if i % 25 == 0: print(name, i, time.clock_gettime_ns(0), len(text))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"`,
  timers: `python3 -c "
import os, signal, time
count = 0
def tick(*_):
    global count
    count += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
for i in range(3000):
    fd = os.open(str(i % 50), os.O_RDONLY); os.fstat(fd); os.read(fd, 4096); os.read(fd, 4096); os.close(fd)
signal.setitimer(signal.ITIMER_REAL, 0)
print(count > 0, time.clock_gettime_ns(0))
"`,
};

suite("runs of counted time with answers inside the guest", { skip: annexMissing() }, () => {
  let directory: string;
  let sandbox: Sandbox;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "ztl-annex-"));
    const work = join(directory, "work");
    mkdirSync(work);
    for (let i = 0; i < 50; i++) writeFileSync(join(work, String(i)), `${i % 2 ? "odd" : "even"}\n`.repeat(i));
    const mounts = [{ kind: "overlay", host: work, guest: "/project" } as const];
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts });
  });
  after(async () => {
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const [name, program] of Object.entries(PROGRAMS)) {
    test(name, async () => {
      const call = {
        tool: "shell",
        code: `cd /project; ${program}`,
        limits: { wallMs: 60_000, cpuMs: 60_000 },
      } as const;
      const one = await sandbox.run(call, { deterministic });
      assert.equal(one.status, "ok", one.stderrText);
      const again = await sandbox.run(call, { deterministic });
      assert.equal(again.stdoutText, one.stdoutText);
      assert.equal(again.diagnostics.syscalls, one.diagnostics.syscalls);
      assert.deepEqual(again.reads, one.reads);
    });
  }

  test("time passes as it does without them", async () => {
    const call = { tool: "shell", code: `cd /project; ${PROGRAMS.pipeline}; ${PROGRAMS.threads}` } as const;
    const inside = await sandbox.run(call, { deterministic });
    // Who is told of each call has each of them leave the guest.
    const outside = await sandbox.run(call, { deterministic, trace: { onCall: () => undefined } });
    assert.ok(outside.diagnostics.exits >= outside.diagnostics.syscalls);
    assert.ok(inside.diagnostics.exits < outside.diagnostics.exits);
    assert.equal(inside.stdoutText, outside.stdoutText);
    assert.equal(inside.diagnostics.syscalls, outside.diagnostics.syscalls);
  });
});
