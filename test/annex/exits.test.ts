import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { inGuest, makeFiles, runNatively, WORKLOADS } from "../../bench/workloads.ts";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { annexMissing } from "./missing.ts";

/**
 * Of four system calls some one leaves the virtual machine, in work that asks for files: 0.22 to 0.25. Where other programs take
 * most of the time, the programs of a pipeline take more turns for the same work, and each of them is told what it may know anew.
 */
const EXITS_PER_CALL_MAX = 0.28;
/** Over a start of bash and of the programs it calls, what is answered inside is less. */
const EXITS_PER_CALL_MAX_OF_STARTS = 0.9;

suite("exits per system call", { skip: annexMissing() }, () => {
  let root: string;
  let sandbox: Sandbox;
  before(async () => {
    root = makeFiles();
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host: root, guest: root }],
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(root, { recursive: true, force: true });
  });

  for (const { name, command, asksForFiles } of WORKLOADS) {
    test(name, async (context) => {
      const code = `cd ${root}; ${command}`;
      const expected = runNatively(["bash", "-c", code]).stdout;
      await inGuest(sandbox, code, expected);
      const { exits, syscalls } = (await inGuest(sandbox, code, expected)).diagnostics;
      context.diagnostic(`${exits} exits, ${syscalls} system calls`);
      const most = asksForFiles ? EXITS_PER_CALL_MAX : EXITS_PER_CALL_MAX_OF_STARTS;
      assert.ok(exits <= most * syscalls, `${exits} exits of ${syscalls} calls`);
    });
  }
});
