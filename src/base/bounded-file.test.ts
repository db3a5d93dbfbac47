import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readBounded } from "./bounded-file.ts";

test("a file is read to its end, or to the byte beyond the bound", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "ztl-bounded-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "file");
  for (const size of [0, 1, 65_536, 65_537, 200_000]) {
    writeFileSync(file, Buffer.alloc(size, "x"));
    assert.equal(readBounded(file, 200_000).length, size);
    assert.equal(readBounded(file, 70_000).length, Math.min(size, 70_001));
  }
  assert.equal(readBounded("/dev/zero", 1_000_000).length, 1_000_001);
  assert.throws(() => readBounded(join(directory, "absent"), 10), { code: "ENOENT" });
});
