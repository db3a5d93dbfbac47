import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeDirectory } from "./make-directory.ts";

const base = mkdtempSync(join(tmpdir(), "ztl-make-"));
after(() => rmSync(base, { recursive: true, force: true }));

test("makes what is missing of the way, and says where it began", () => {
  assert.equal(makeDirectory(join(base, "a", "b", "c"), 0o700), join(base, "a"));
  assert.equal(statSync(join(base, "a", "b", "c")).mode & 0o777, 0o700);
  assert.equal(makeDirectory(join(base, "a", "b", "c"), 0o700), undefined);
  assert.equal(makeDirectory(join(base, "a", "b", "d"), 0o700), join(base, "a", "b", "d"));
});

test("ends with what the operating system says, also where nothing can be made", () => {
  // Node's own recursive mkdir goes round for ever here.
  assert.throws(() => makeDirectory("/proc/ztl/cache", 0o700), { code: "ENOENT" });
  writeFileSync(join(base, "file"), "");
  assert.throws(() => makeDirectory(join(base, "file", "x"), 0o700), { code: "ENOTDIR" });
});
