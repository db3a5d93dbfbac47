import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../vmm/testing.ts";
import { Sandbox } from "./index.ts";
import { TEST_CACHE } from "./testing.ts";

const HUGE_BYTES = 40 * 2 ** 30;
const FILES = 20;
/** Hashing one of the files would take longer than a run may. */
const LIMITS = { wallMs: 10_000 };

const host = mkdtempSync(join(tmpdir(), "ztl-big-files-"));
after(() => rmSync(host, { recursive: true, force: true }));

describe("huge files of the host", { skip: kvmMissing }, () => {
  let sandbox: Sandbox;
  before(async () => {
    for (const name of ["ro", "overlay"]) {
      mkdirSync(join(host, name));
      for (let i = 0; i < FILES; i++) {
        const path = join(host, name, `huge${i}`);
        writeFileSync(path, "abc");
        truncateSync(path, HUGE_BYTES);
      }
    }
    sandbox = await Sandbox.open({
      cacheDirectory: TEST_CACHE,
      mounts: [
        { kind: "ro", host: join(host, "ro"), guest: "/ro" },
        { kind: "overlay", host: join(host, "overlay"), guest: "/data" },
      ],
      limits: LIMITS,
    });
  });
  after(() => sandbox.close());

  test("a few bytes of them are read and told of", async () => {
    const result = await sandbox.run({ tool: "shell", code: "for f in /ro/* /data/*; do head -c 3 $f; done" });
    assert.equal(result.status, "ok");
    assert.equal(result.stdoutText, "abc".repeat(2 * FILES));
    const huge = result.reads.filter(({ sizeBytes }) => sizeBytes === HUGE_BYTES);
    assert.equal(huge.length, 2 * FILES);
    for (const { sha256, parts } of huge) {
      assert.deepEqual(parts, [0, 4096]);
      assert.equal(sha256, huge[0]?.sha256);
    }
    assert.deepEqual(result.changes, []);
  });

  test("a mapping of one tells of the pages it showed", async () => {
    const code = `
import mmap
with open("/ro/huge0") as f:
    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
    print(m[:3], m[20 << 30])`;
    const result = await sandbox.run({ tool: "python", code });
    assert.equal(result.stdoutText, "b'abc' 0\n");
    const [read] = result.reads.filter(({ path }) => path === "/ro/huge0");
    assert.ok(read?.sha256 !== undefined && read.parts !== undefined);
    const shown = read.parts.filter((_, i) => i % 2 === 1).reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(shown < 16 * 2 ** 20, `${shown} bytes`);
  });

  test("one may be deleted, and the result is there", async () => {
    const result = await sandbox.run({ tool: "shell", code: "rm huge0; echo done", cwd: "/data" });
    assert.equal(result.stdoutText, "done\n");
    assert.deepEqual(
      result.changes.map(({ path, kind, baseSha256 }) => [path, kind, baseSha256]),
      [["/data/huge0", "delete", undefined]],
    );
  });
});
