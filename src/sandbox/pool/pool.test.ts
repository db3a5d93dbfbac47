import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { kvmMissing } from "../../vmm/testing.ts";
import { Sandbox, type SandboxEvent } from "../index.ts";
import { childPids, openDescriptors, TEST_CACHE } from "../testing.ts";

const options = { cacheDirectory: TEST_CACHE };

describe("the pool", { skip: kvmMissing }, () => {
  test("lets calls wait in line, and no more than it is told to", async () => {
    await using sandbox = await Sandbox.open({ ...options, cells: 2, queue: 5 });
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, i) => sandbox.run({ tool: "shell", code: `sleep 0.1; echo ${i}` })),
    );
    const full = runs.filter((run) => run.status === "error" && run.error.code === "queue-full");
    assert.equal(full.length, 3);
    const served = runs.filter((run) => run.status === "ok").map((run) => run.stdoutText.trim());
    assert.deepEqual(served, ["0", "1", "2", "3", "4"]);
    assert.equal(childPids().length, 2);
  });

  test("runs cells side by side", async () => {
    await using sandbox = await Sandbox.open({ ...options, cells: 2, prewarm: ["shell"] });
    const ends: string[] = [];
    await Promise.all(
      ["0.6", "0.1"].map(async (time) => {
        await sandbox.run({ tool: "shell", code: `sleep ${time}` });
        ends.push(time);
      }),
    );
    assert.deepEqual(ends, ["0.1", "0.6"]);
  });

  test("replaces a cell that was killed, and says so", async () => {
    const events: SandboxEvent[] = [];
    const onEvent = (event: SandboxEvent): void => void events.push(event);
    await using sandbox = await Sandbox.open({ ...options, cells: 1, prewarm: ["python"], onEvent });
    const lost = sandbox.run({ tool: "python", code: "while True: pass" });
    const waiting = sandbox.run({ tool: "python", code: "print('next')" });
    await sleep(200);
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
    const result = await lost;
    assert.ok(result.status === "error");
    assert.equal(result.error.code, "cell-lost");
    assert.equal((await waiting).stdoutText, "next\n");
    assert.ok(events.some((event) => event.type === "cell-lost"));
  });

  test("loses one call, not the line, to a cell that is killed while it starts", async () => {
    await using sandbox = await Sandbox.open({ ...options, cells: 1 });
    await sandbox.run({ tool: "shell", code: "true" });
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
    while (childPids().length > 0) await sleep(5);
    // The pool hears of it a little later; until then it would hand out the dead cell.
    await sleep(100);
    const runs = [1, 2, 3].map((i) => sandbox.run({ tool: "shell", code: `echo ${i}` }));
    while (childPids().length === 0) await sleep(1);
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
    const [first, ...others] = await Promise.all(runs);
    assert.ok(first?.status === "error" && first.error.code === "cell-lost");
    assert.deepEqual(
      others.map((run) => run.stdoutText),
      ["2\n", "3\n"],
    );
  });

  test("refuses the whole line when no cell can work", async () => {
    const python = { program: "python3", preload: ["no_such_module_anywhere"] };
    await using sandbox = await Sandbox.open({ ...options, cells: 1, python });
    const runs = await Promise.all([1, 2, 3].map(() => sandbox.run({ tool: "python", code: "1" })));
    for (const run of runs) {
      assert.ok(run.status === "error");
      assert.equal(run.error.code, "template-failed");
      assert.match(run.error.message, /no_such_module_anywhere/);
    }
    assert.equal((await sandbox.run({ tool: "shell", code: "echo on" })).stdoutText, "on\n");
  });

  test("kills a cell that does not answer", async () => {
    await using sandbox = await Sandbox.open({ ...options, cells: 1, prewarm: ["shell"] });
    const [pid] = childPids();
    const controller = new AbortController();
    const stuck = sandbox.run({ tool: "shell", code: "sleep 60" }, { signal: controller.signal });
    await sleep(100);
    // A stopped process neither notices a cancellation nor its time limit.
    process.kill(pid as number, "SIGSTOP");
    controller.abort();
    assert.equal((await stuck).status, "cancelled");
    assert.equal((await sandbox.run({ tool: "shell", code: "echo on" })).stdoutText, "on\n");
  });

  test("gives up a cell that does not start in the time it is allowed", async () => {
    const events: SandboxEvent[] = [];
    const onEvent = (event: SandboxEvent): number => events.push(event);
    // No process gets anywhere in a millisecond; the default lets every other test here start its cells.
    const options = { cells: 1, cacheDirectory: TEST_CACHE, startTimeoutMs: 1, onEvent } as const;
    await using impatient = await Sandbox.open(options);
    const result = await impatient.run({ tool: "exec", program: "/bin/true" });
    assert.ok(result.status === "error" && result.error.code === "cell-start-failed", JSON.stringify(result));
    assert.ok(events.some((event) => event.type === "cell-lost" && event.code === "cell-start-failed"));
  });

  test("a call that was not yet under way when the sandbox closed is refused, not run", async () => {
    const sandbox = await Sandbox.open({ ...options, cells: 1 });
    const early = sandbox.run({ tool: "shell", code: "sleep 60" });
    await sandbox.close();
    const result = await early;
    assert.ok(result.status === "error" && result.error.code === "closed");
    assert.deepEqual(childPids(), []);
  });

  test("leaves no process and no descriptor when it is closed, whatever is under way", async () => {
    // Opened once before counting: what the runtime keeps for itself is not a leak.
    for (let round = 0, before = 0; round < 3; round++) {
      const sandbox = await Sandbox.open({ ...options, cells: 2 });
      const running = [1, 2, 3].map(() => sandbox.run({ tool: "shell", code: "sleep 60" }));
      await sleep(round === 0 ? 1000 : 400);
      await sandbox.close();
      for (const result of await Promise.all(running))
        assert.ok(result.status === "error" && result.error.code === "closed");
      await assert.rejects(sandbox.run({ tool: "shell", code: "" }), { code: "closed" });
      assert.deepEqual(childPids(), []);
      if (round === 0) before = openDescriptors();
      else assert.equal(openDescriptors(), before);
    }
  });
});
