import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type RunLimits, type RunResult, Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { cellUse, forgetPeaks } from "./cell-memory.ts";
import { PRELUDE } from "./resources.ts";

const MIB = 2 ** 20;
/** Node, the host's side of the guest's memory, and what a result is put together from. */
const CELL_BYTES = 256 * MIB;

/** More than can be told of within a second; a host may allow a file no more names than 65,000 (ext4). */
const MOVED_FILES = 60_000;

/** What a run hands out when it has ended is within its limits, too: of memory, and of time. */
describe("a result as large as the limits allow", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-big-results-"));
  let sandbox: Sandbox;
  before(async () => {
    mkdirSync(join(host, "tree"));
    writeFileSync(join(host, "tree", "big"), Buffer.alloc(200 * MIB, "content"));
    mkdirSync(join(host, "tree", "wide"));
    writeFileSync(join(host, "tree", "wide", "0"), "");
    for (let i = 1; i < MOVED_FILES; i++)
      linkSync(join(host, "tree", "wide", "0"), join(host, "tree", "wide", String(i)));
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host: join(host, "tree"), guest: "/tree" }],
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });

  async function run(code: string, limits: Partial<RunLimits> & { memoryBytes: number }): Promise<RunResult> {
    await sandbox.run({ tool: "python", code: "pass" });
    forgetPeaks();
    const result = await sandbox.run({ tool: "python", code: PRELUDE + code, limits: { wallMs: 20_000, ...limits } });
    assert.ok(result.stdoutText.startsWith("said\n"), `${result.status} ${result.stderrText}`);
    const [{ peakBytes } = { peakBytes: Infinity }] = cellUse();
    assert.ok(peakBytes < limits.memoryBytes + CELL_BYTES, `${Math.round(peakBytes / MIB)} MiB`);
    return result;
  }

  test("written files are handed out without another copy of them", async () => {
    const code = "f = open('/tree/new', 'wb', 0)\nfor i in range(220): f.write(os.urandom(1 << 20))\nleave(8)";
    const result = await run(code, { memoryBytes: 320 * MIB, overlayBytes: 256 * MIB });
    assert.equal(result.status, "ok", result.stderrText);
    assert.equal(result.changes[0]?.content?.length, 220 * MIB);
  });

  test("what must be copied is the run's memory: a file of the host that was renamed", async () => {
    const code = "os.rename('/tree/big', '/tree/bigger')";
    const refused = await run(code, { memoryBytes: 64 * MIB, overlayBytes: 512 * MIB });
    assert.equal(refused.status === "limit" && refused.limit, "memory");
    assert.deepEqual(refused.changes, []);
    const taken = await run(code, { memoryBytes: 512 * MIB, overlayBytes: 512 * MIB });
    assert.equal(taken.status, "ok");
    assert.equal(taken.changes.length, 2);
  });

  test("a mapped file costs what was stored in it", async () => {
    const code =
      "f = os.open('/tree/m', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 250 << 20)\nm = mmap.mmap(f, 0); m[1] = 1; m[-1] = 2";
    const result = await run(code, { memoryBytes: 64 * MIB, overlayBytes: 256 * MIB });
    assert.equal(result.status, "ok", result.stderrText);
    const content = result.changes[0]?.content;
    assert.deepEqual([content?.length, content?.[1], content?.at(-1)], [250 * MIB, 1, 2]);
  });

  test("a tree that was moved is told in time, or not at all", async () => {
    const code = "os.rename('/tree/wide', '/tree/moved')\nwhile True: pass";
    await sandbox.run({ tool: "python", code: "pass" });
    const started = performance.now();
    const result = await run(code, { memoryBytes: 512 * MIB, wallMs: 2000 });
    const tookMs = performance.now() - started;
    assert.equal(result.status === "limit" && result.limit, "wall");
    assert.ok(tookMs < 2000 + 2000, `${tookMs} ms`);
  });
});
