import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Sandbox } from "../../src/sandbox/index.ts";
import { kvmMissing } from "../kvm.ts";

const SEED = "5e".repeat(32);
const CLOCK_MS = Date.UTC(2030, 0, 1);
const deterministic = { seed: SEED, clockMs: CLOCK_MS };

suite("repeatable runs", { skip: kvmMissing() }, () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.open({ cells: 1 });
  });
  after(() => sandbox.close());

  const python = (code: string, options = { deterministic }) => sandbox.run({ tool: "python", code }, options);

  test("the date is the one that was asked for, and seeds matter", async () => {
    const code =
      "import time, random, os; print(time.strftime('%Y-%m-%d', time.gmtime()), random.random(), os.urandom(4).hex())";
    const [one, same, other] = [
      await python(code),
      await python(code),
      await python(code, { deterministic: { seed: "00".repeat(16), clockMs: CLOCK_MS } }),
    ];
    assert.match(one.stdoutText, /^2030-01-01 /);
    assert.equal(same.stdoutText, one.stdoutText);
    assert.notEqual(other.stdoutText, one.stdoutText);
    assert.ok(one.templateKey !== undefined && one.templateKey === other.templateKey);
  });

  test("a pause takes none of the host's time, but counts against the wall limit", async () => {
    const slept = await python("import time; a = time.time(); time.sleep(25); print(round(time.time() - a))");
    assert.equal(slept.stdoutText, "25\n");
    assert.ok(slept.timingsMs.run < 25_000);
    const endless = await python("import signal; signal.pause()");
    assert.ok(endless.status === "limit" && endless.limit === "wall");
  });

  test("who waits for one that computes for long gets a turn, and the result says that it is not repeatable", async () => {
    const run = await python(
      "import threading, time\ndone = []\nt = threading.Thread(target=lambda: (time.sleep(0.01), done.append(1)))\nt.start()\nwhile not done: pass\nprint('went on')",
    );
    assert.equal(run.stdoutText, "went on\n");
    assert.match(run.diagnostics.notRepeatable ?? "", /computed for a second/);
    const alone = await python("x = 0\nfor i in range(10 ** 6): x += i\nprint(x)");
    assert.equal(alone.diagnostics.notRepeatable, undefined);
  });

  test("an ordinary run after it has the host's time and fresh randomness again", async () => {
    const code = "import time, os; print(int(time.time()), os.urandom(8).hex())";
    await python(code);
    const [one, two] = [await sandbox.run({ tool: "python", code }), await sandbox.run({ tool: "python", code })];
    assert.notEqual(one.stdoutText, two.stdoutText);
    assert.ok(Math.abs(Number(one.stdoutText.split(" ")[0]) * 1000 - Date.now()) < 60_000);
  });

  test("wrong seeds and dates are refused", async () => {
    for (const bad of [
      { seed: "xyz", clockMs: 0 },
      { seed: SEED, clockMs: -1 },
      { seed: SEED, clockMs: 0.5 },
      { seed: SEED },
    ]) {
      await assert.rejects(python("1", { deterministic: bad as typeof deterministic }), { code: "invalid-input" });
    }
  });
});
