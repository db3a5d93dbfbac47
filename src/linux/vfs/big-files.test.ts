import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { MountPlan, type MountSpec } from "./mounts.ts";
import { WHOLE_BYTES_MAX } from "./read-recorder.ts";
import { temporaryDirectory } from "./testing/fixtures.ts";
import { Vfs } from "./vfs.ts";

const HUGE_BYTES = 40 * 2 ** 30;
const BIG_BYTES = WHOLE_BYTES_MAX + 10_000;
/** Far less than hashing the whole of a huge file takes, and far more than what is read of it. */
const PATIENCE_MS = 5000;

function vfsOf(specs: readonly MountSpec[]): Vfs {
  return new Vfs({ plan: new MountPlan(specs) });
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

describe("the read set of large files", () => {
  const host = temporaryDirectory();
  const path = (name: string): string => join(host.path, name);
  after(() => host.dispose());
  const mounted = (): Vfs => vfsOf([{ guest: "/m", kind: "ro", host: host.path }]);
  const read = (vfs: Vfs, name: string, position: number, length: number): number =>
    vfs.resolveFromRoot(`/m/${name}`).inode.read(new Uint8Array(length), position);

  it("hashes what was read, and no more", () => {
    fs.writeFileSync(path("huge"), "abc");
    fs.truncateSync(path("huge"), HUGE_BYTES);
    const vfs = mounted();
    read(vfs, "huge", 0, 3);
    read(vfs, "huge", HUGE_BYTES - 1, 10);
    const begunMs = performance.now();
    const [found] = vfs.collectReads();
    assert.ok(performance.now() - begunMs < PATIENCE_MS);
    const first = Buffer.alloc(4096);
    first.write("abc");
    assert.deepEqual(found?.parts, [0, 4096, HUGE_BYTES - 4096, 4096]);
    assert.equal(found?.sha256, sha256(first, Buffer.alloc(4096)));
    assert.equal(found?.changedDuringRun, false);
  });

  it("hashes the whole of a file that was read completely, and of a small one", () => {
    const content = Buffer.alloc(BIG_BYTES, "0123456789");
    fs.writeFileSync(path("big"), content);
    fs.writeFileSync(path("small"), content.subarray(0, WHOLE_BYTES_MAX));
    const vfs = mounted();
    for (let at = 0; at < BIG_BYTES; ) at += read(vfs, "big", at, 100_000);
    read(vfs, "small", 5, 1);
    const [big, small] = vfs.collectReads();
    assert.deepEqual([big?.parts, small?.parts], [undefined, undefined]);
    assert.equal(big?.sha256, sha256(content));
    assert.equal(small?.sha256, sha256(content.subarray(0, WHOLE_BYTES_MAX)));
  });

  it("tells of another content in the parts, and of none elsewhere", () => {
    const name = "edited";
    const hashNow = (): string | undefined => {
      const vfs = mounted();
      read(vfs, name, 100_000, 10);
      return vfs.collectReads()[0]?.sha256;
    };
    fs.writeFileSync(path(name), Buffer.alloc(BIG_BYTES));
    const before = hashNow();
    const file = fs.openSync(path(name), "r+");
    fs.writeSync(file, "x", 3_000_000);
    assert.equal(hashNow(), before);
    fs.writeSync(file, "x", 100_000);
    fs.closeSync(file);
    assert.notEqual(hashNow(), before);
  });

  it("says that there was no time, and gives what it has", () => {
    fs.writeFileSync(path("a"), "a");
    const vfs = mounted();
    read(vfs, "a", 0, 1);
    vfs.hashUntil(performance.now() - 1);
    const [found] = vfs.collectReads();
    assert.deepEqual(
      [found?.path, found?.sizeBytes, found?.sha256, found?.unhashed],
      ["/m/a", 1, undefined, "out-of-time"],
    );
  });

  it("marks files that shrink, grow, go or are replaced meanwhile", () => {
    const change: Readonly<Record<string, (name: string) => void>> = {
      shrunk: (name) => fs.truncateSync(name, 10),
      grown: (name) => fs.appendFileSync(name, "more"),
      replaced: (name) => {
        fs.writeFileSync(`${name}.new`, "another");
        fs.renameSync(`${name}.new`, name);
      },
      removed: (name) => fs.unlinkSync(name),
      replacedByDirectory: (name) => {
        fs.unlinkSync(name);
        fs.mkdirSync(name);
      },
    };
    for (const name of Object.keys(change)) fs.writeFileSync(path(name), Buffer.alloc(BIG_BYTES, name));
    const vfs = mounted();
    for (const name of Object.keys(change)) read(vfs, name, 4096, 10);
    for (const [name, act] of Object.entries(change)) act(path(name));
    const found = vfs.collectReads();
    assert.deepEqual(
      found.map((one) => one.path).sort(),
      Object.keys(change)
        .map((name) => `/m/${name}`)
        .sort(),
    );
    for (const one of found) assert.ok(one.changedDuringRun, one.path);
  });

  it("does not look for ever at a file that grows all the time", () => {
    fs.writeFileSync(path("log"), "line\n");
    const vfs = mounted();
    read(vfs, "log", 0, 5);
    fs.writeFileSync(path("log"), "");
    fs.truncateSync(path("log"), HUGE_BYTES);
    const begunMs = performance.now();
    const [found] = vfs.collectReads();
    assert.ok(performance.now() - begunMs < PATIENCE_MS);
    assert.equal(found?.changedDuringRun, true);
  });

  it("does not hash a huge file that is deleted longer than there is time, and tells of the deletion", () => {
    fs.truncateSync(path("huge"), HUGE_BYTES);
    const vfs = vfsOf([{ guest: "/m", kind: "overlay", host: host.path }]);
    vfs.unlink(vfs.root, "/m/huge", { uid: 0, gid: 0, groups: [] });
    vfs.hashUntil(performance.now() + 50);
    const begunMs = performance.now();
    const [change] = vfs.collectChanges();
    assert.ok(performance.now() - begunMs < PATIENCE_MS);
    assert.deepEqual([change?.path, change?.kind, change?.baseSha256], ["/m/huge", "delete", undefined]);
  });
});
