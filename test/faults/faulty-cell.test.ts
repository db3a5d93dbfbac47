import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "../kvm.ts";
import { MeasuredSandbox } from "../limits/measured-sandbox.ts";
import { FAULTY_CALLS } from "./faulty-calls.ts";

/** A mistake of ours in a cell: the run's result has what it wrote until then, and the next run gets another cell. */
describe("a run that fails because of us", { skip: kvmMissing() }, () => {
  let sandbox: MeasuredSandbox;
  before(() => {
    sandbox = new MeasuredSandbox([], fileURLToPath(new URL("faulty-cell.ts", import.meta.url)));
  });
  after(() => sandbox?.[Symbol.asyncDispose]());

  for (const [where, number] of Object.entries(FAULTY_CALLS))
    test(`in its ${where}`, async () => {
      const { result, pid } = await sandbox.run(
        `import ctypes, sys\nprint("out", flush=True)\nprint("err", file=sys.stderr)\nctypes.CDLL(None).syscall(${number})`,
      );
      assert.ok(result.status === "error" && result.error.code === "guest-failed", JSON.stringify(result.status));
      assert.match(result.error.message, /^The run could not go on.*: TypeError: a mistake$/);
      assert.deepEqual([result.stdoutText, result.stderrText], ["out\n", "err\n"]);
      const next = await sandbox.run("print(1)");
      assert.deepEqual([next.result.status, next.result.stdoutText], ["ok", "1\n"]);
      assert.notEqual(next.pid, pid);
    });
});
