import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { BLOB_GRACE_MS, BlobFiles } from "./blob-files.ts";
import { memorySource } from "./content.ts";
import { sha256Hex } from "./sha256.ts";

const refusal = { code: "test-unsafe", otherwise: "Choose another place." };

let place: string;
let directory: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "ztl-blobs-"));
  directory = join(place, "blobs");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const open = (access: "write" | "read" = "write", bytesMax = 1024 * 1024): BlobFiles =>
  new BlobFiles({ directory, access, bytesMax, refusal });
const pathOf = (sha256: string): string => join(directory, sha256.slice(0, 2), sha256.slice(2));
const drafts = (): string[] => readdirSync(join(directory, "drafts"));

test("what was kept comes back, from another instance too, private and under its hash", async () => {
  const blobs = open();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      const sha256 = await blobs.keep(bytes);
      assert.equal(sha256, sha256Hex(bytes));
      assert.deepEqual(await open("read").get(sha256), Buffer.from(bytes));
      assert.deepEqual(await blobs.check(sha256), { state: "whole", sizeBytes: bytes.length });
      assert.deepEqual(await blobs.get(sha256, 10), Buffer.from(bytes.subarray(0, 10)));
      assert.equal(statSync(pathOf(sha256)).mode & 0o777, 0o600);
    }),
    { numRuns: 40 },
  );
  assert.deepEqual(drafts(), []);
});

test("content larger than one read is whole, also in part", async () => {
  const bytes = Buffer.alloc(700_001, "0123456789");
  const sha256 = await open().keep(bytes);
  assert.deepEqual(await open().get(sha256), bytes);
  assert.deepEqual(await open().get(sha256, 300_000), bytes.subarray(0, 300_000));
});

test("without settling nothing has a name; content that is not the expected is not taken", async () => {
  const blobs = open();
  const bytes = Buffer.from("content");
  const { sha256, sizeBytes } = await blobs.put(memorySource(bytes));
  assert.equal(sizeBytes, 7);
  assert.deepEqual(await blobs.check(sha256), { state: "missing" });
  await blobs.put(memorySource(bytes), sha256);
  assert.equal(drafts().length, 1);
  await blobs.settle();
  assert.deepEqual(await blobs.check(sha256), { state: "whole", sizeBytes: 7 });
  const other = sha256Hex("other");
  assert.equal((await blobs.put(memorySource(bytes), other)).sha256, sha256);
  await blobs.settle();
  assert.deepEqual(await blobs.check(other), { state: "missing" });
  assert.deepEqual(drafts(), []);
});

test("a source that fails leaves no draft", async () => {
  const blobs = open();
  await assert.rejects(
    blobs.put(() => Promise.reject(new Error("torn"))),
    /torn/,
  );
  assert.deepEqual(drafts(), []);
});

test("what was changed, cut, or replaced by a link, a pipe or a directory is damaged, and healed by keeping it again", async () => {
  const bytes = Buffer.alloc(5000, 3);
  const sha256 = await open().keep(bytes);
  const path = pathOf(sha256);
  const spoil: Record<string, () => void> = {
    changed: () => writeFileSync(path, Buffer.alloc(5000, 4)),
    cut: () => writeFileSync(path, "short"),
    link: () => symlinkSync("/dev/zero", path),
    pipe: () => execFileSync("mkfifo", [path]),
  };
  for (const [name, work] of Object.entries(spoil)) {
    rmSync(path);
    work();
    const blobs = open();
    assert.deepEqual(await blobs.check(sha256), { state: "damaged" }, name);
    await assert.rejects(blobs.get(sha256), { code: "blob-damaged" }, name);
    await blobs.put(memorySource(bytes), sha256);
    await blobs.settle();
    assert.deepEqual(await blobs.get(sha256), bytes, name);
  }
  rmSync(path);
  mkdirSync(path);
  assert.deepEqual(await open().check(sha256), { state: "damaged" });
  assert.throws(() => open().open(sha256), { code: "blob-damaged" });
});

test("names, sizes, missing contents and directories that are not private are refused", async () => {
  const blobs = open("write", 10);
  for (const name of ["", "../../../etc/passwd", "A".repeat(64), "a".repeat(63), `${"a".repeat(64)}\n`]) {
    await assert.rejects(blobs.get(name), { code: "blob-name" });
    assert.throws(() => blobs.open(name), { code: "blob-name" });
  }
  await assert.rejects(blobs.keep(Buffer.alloc(11)), { code: "blob-too-large" });
  assert.equal(await blobs.get("0".repeat(64)), undefined);
  assert.throws(() => blobs.open("0".repeat(64)), { code: "blob-missing" });
  chmodSync(directory, 0o755);
  assert.throws(() => open(), { code: "test-unsafe" });
  open("read");
});

test("reading makes nothing", async () => {
  assert.equal(await open("read").get("0".repeat(64)), undefined);
  assert.ok(!existsSync(directory));
});

test("a sync that failed once fails for all who wait for it, until the content is put again", async () => {
  const blobs = open();
  const { sha256 } = await blobs.put(memorySource(Buffer.from("x")));
  const [draft] = drafts();
  rmSync(join(directory, "drafts", draft as string));
  await assert.rejects(blobs.settle(), { code: "ENOENT" });
  writeFileSync(join(directory, "drafts", draft as string), "y");
  await assert.rejects(blobs.settle(), { code: "ENOENT" });
  await blobs.put(memorySource(Buffer.from("x")), sha256);
  await blobs.settle();
  assert.equal(readFileSync(pathOf(sha256), "utf8"), "x");
});

test("many at once, the same content among them", async () => {
  const blobs = open();
  const contents = Array.from({ length: 60 }, (_, i) => Buffer.from(`content ${i % 20}`));
  const names = await Promise.all(contents.map((content) => blobs.keep(content)));
  for (const [i, name] of names.entries()) assert.deepEqual(await blobs.get(name), contents[i]);
  assert.deepEqual(drafts(), []);
});

test("only what is unused and old goes, and drafts by age alone", async () => {
  const blobs = open();
  const now = Date.now();
  const age = (path: string): void =>
    utimesSync(path, (now - 2 * BLOB_GRACE_MS) / 1000, (now - 2 * BLOB_GRACE_MS) / 1000);
  const [used, unused, fresh] = await Promise.all(
    ["used", "unused", "fresh"].map((text) => blobs.keep(Buffer.from(text))),
  );
  age(pathOf(used as string));
  age(pathOf(unused as string));
  for (const name of ["old", "new"]) writeFileSync(join(directory, "drafts", name), "");
  age(join(directory, "drafts", "old"));
  await blobs.removeUnused((sha256) => sha256 === used, now);
  const left = await Promise.all([used, unused, fresh].map(async (name) => (await blobs.check(name as string)).state));
  assert.deepEqual(left, ["whole", "missing", "whole"]);
  assert.deepEqual(drafts(), ["new"]);
});
