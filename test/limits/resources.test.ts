import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { cellUse, forgetPeaks } from "./cell-memory.ts";
import { PRELUDE, RESOURCES } from "./resources.ts";

const MEMORY_BYTES = 64 * 2 ** 20;
/** Node, the host's side of the guest's memory, and what a result is put together from. */
const CELL_BYTES = 256 * 2 ** 20;
/** Each takes some seconds; the rest is for a machine with far more to do than it can. */
const WALL_MS = 30_000;

/** Each thing a guest can pile up, with what stops it: the cell stays small, the run ends in time, its output is kept. */
describe("each limit holds for each resource", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-resources-"));
  let sandbox: Sandbox;
  before(async () => {
    for (const name of ["tree", "wide"]) mkdirSync(join(host, name));
    writeFileSync(join(host, "tree", "big"), "");
    truncateSync(join(host, "tree", "big"), 2 ** 32);
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [
        { kind: "overlay", host: join(host, "tree"), guest: "/tree" },
        { kind: "ro", host: join(host, "wide"), guest: "/wide" },
      ],
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });

  for (const { name, code, limits, ends } of RESOURCES)
    test(name, async () => {
      const memoryBytes = limits?.memoryBytes ?? MEMORY_BYTES;
      forgetPeaks();
      const started = performance.now();
      const result = await sandbox.run({
        tool: "python",
        code: PRELUDE + code,
        limits: { wallMs: WALL_MS, ...limits, memoryBytes },
      });
      const tookMs = performance.now() - started;
      const about = `${result.status} ${JSON.stringify(result.status === "error" ? result.error : "")} ${result.stderrText}`;
      assert.ok(result.stdoutText.startsWith("said\n"), about);
      if (ends === undefined) assert.equal(result.stdoutText, "said\nfine\n", about);
      else assert.equal(result.status === "limit" && result.limit, ends, about);
      assert.ok(tookMs < WALL_MS + 1000, `${tookMs} ms`);
      for (const { peakBytes } of cellUse())
        assert.ok(
          peakBytes < memoryBytes + (limits?.outputBytes ?? 0) + CELL_BYTES,
          `${Math.round(peakBytes / 2 ** 20)} MiB`,
        );
      if (process.env.ZTL_SHOW)
        console.log(
          name,
          Math.round(tookMs),
          cellUse().map(({ peakBytes }) => Math.round(peakBytes / 2 ** 20)),
        );
    });
});
