import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type CallerMount, Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** More than a cell remembers of a tree from one run to the next (src/linux/vfs/host-tree.ts). */
const FILES = 50_001;
/** A host may allow a file no more names than this (65,000 on ext4). */
const NAMES_OF_ONE_FILE = 10_000;

describe("a tree of more files than a cell remembers", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-big-tree-"));
  let sandbox: Sandbox;
  before(async () => {
    mkdirSync(join(host, "tree"));
    writeFileSync(join(host, "alone"), "alone");
    for (let i = 0, first = ""; i < FILES; i++) {
      const path = join(host, "tree", String(i));
      if (i % NAMES_OF_ONE_FILE !== 0) linkSync(first, path);
      else {
        first = path;
        writeFileSync(path, "x");
      }
    }
    const mounts: CallerMount[] = [
      { kind: "overlay", host: join(host, "tree"), guest: "/tree" },
      { kind: "ro", host: join(host, "alone"), guest: "/alone" },
    ];
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });

  test("is listed by run after run in one cell", async () => {
    for (let run = 0; run < 3; run++) {
      const { stdoutText, status, stderrText } = await sandbox.run({
        tool: "python",
        code: "import os; print(len(os.listdir('/tree')), open('/tree/1').read(), open('/alone').read())",
      });
      assert.equal(stdoutText, `${FILES} x alone\n`, `${status} ${stderrText}`);
    }
  });
});
