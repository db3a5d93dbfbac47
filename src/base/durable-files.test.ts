import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { syncPath, syncPathAsync, writeNewFile } from "./durable-files.ts";

const place = mkdtempSync(join(tmpdir(), "ztl-durable-"));
after(() => rmSync(place, { recursive: true }));

test("a new file has its content and mode, and nothing is written over", () => {
  const path = join(place, "new");
  writeNewFile(path, Buffer.from([0, 255]), 0o600);
  assert.deepEqual(readFileSync(path), Buffer.from([0, 255]));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => writeNewFile(path, "x", 0o600), { code: "EEXIST" });
  assert.deepEqual(readFileSync(path), Buffer.from([0, 255]));
});

test("files and directories are synced; what is not there is an error", async () => {
  syncPath(place);
  await syncPathAsync(join(place, "new"));
  assert.throws(() => syncPath(join(place, "gone")), { code: "ENOENT" });
  await assert.rejects(syncPathAsync(join(place, "gone")), { code: "ENOENT" });
});
