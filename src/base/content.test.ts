import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { copyContent, fileSource, memorySource } from "./content.ts";
import { sha256Hex } from "./sha256.ts";

const place = mkdtempSync(join(tmpdir(), "ztl-content-"));
after(() => rmSync(place, { recursive: true }));

test("a copy is equal, and hashed on the way", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
      const path = join(place, "copy");
      const fd = openSync(path, "w");
      const copied = await copyContent(memorySource(bytes), fd, 10_000);
      closeSync(fd);
      assert.deepEqual(copied, { sha256: sha256Hex(bytes), sizeBytes: bytes.length });
      assert.deepEqual(readFileSync(path), Buffer.from(bytes));
    }),
    { numRuns: 50 },
  );
});

test("zeros stay holes, and a content without an end is read no further than the bound and one piece", async () => {
  const sparse = join(place, "sparse");
  const from = openSync(sparse, "w+");
  ftruncateSync(from, 64 * 1024 * 1024);
  const to = openSync(join(place, "copied"), "w");
  const { sizeBytes } = await copyContent(fileSource(from), to, 128 * 1024 * 1024);
  closeSync(from);
  closeSync(to);
  assert.equal(sizeBytes, 64 * 1024 * 1024);
  const { size, blocks } = statSync(join(place, "copied"));
  assert.equal(size, 64 * 1024 * 1024);
  assert.ok(blocks * 512 < 1024 * 1024, `${blocks} blocks`);
  const endless = await copyContent(async (buffer) => buffer.fill(1).length, undefined, 1_000_000);
  assert.ok(endless.sizeBytes > 1_000_000 && endless.sizeBytes < 2_000_000);
});
