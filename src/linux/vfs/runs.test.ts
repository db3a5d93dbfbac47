import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { ByteBudget } from "./budget.ts";
import { ROOT } from "./credentials.ts";
import { MountPlan, type MountSpec } from "./mounts.ts";
import { assertFails, hostPicture, temporaryDirectory } from "./testing/fixtures.ts";
import { names, SampleWorld, text, write } from "./testing/sample-world.ts";
import { Vfs } from "./vfs.ts";

const world = new SampleWorld();
const { host, plans } = world;
const usual = () => world.usual();
const vfsOf = (specs: readonly MountSpec[], budget?: ByteBudget) => world.vfsOf(specs, budget);
after(() => world.close());

describe("runs", () => {
  it("see nothing of each other", () => {
    const plan = new MountPlan([{ guest: "/w", kind: "overlay", host: host.path }]);
    plans.push(plan);
    const before = hostPicture(host.path, { identity: true });
    const first = new Vfs({ plan });
    write(first, "/w/secret", "of the first run");
    write(first, "/w/f", "SECRET");
    first.unlink(first.root, "/w/a/g", ROOT);
    const second = new Vfs({ plan });
    assertFails(() => second.resolveFromRoot("/w/secret"), "ENOENT");
    assert.equal(text(second, "/w/f"), "first file\n");
    assert.equal(text(second, "/w/a/g"), "g");
    assert.deepEqual(second.collectChanges(), []);
    assert.deepEqual(hostPicture(host.path, { identity: true }), before);
  });

  it("notice what changed on the host since the last one", () => {
    const tree = temporaryDirectory();
    fs.writeFileSync(join(tree.path, "f"), "old");
    const plan = new MountPlan([{ guest: "/r", kind: "ro", host: tree.path }]);
    plans.push(plan);
    const first = new Vfs({ plan });
    assert.equal(text(first, "/r/f"), "old");
    const key = first.resolveFromRoot("/r/f").inode.contentKey();
    assertFails(() => first.resolveFromRoot("/r/new"), "ENOENT");
    assert.deepEqual(names(first, "/r"), ["f"]);

    fs.writeFileSync(join(tree.path, "f"), "newer");
    fs.writeFileSync(join(tree.path, "new"), "new");
    const second = new Vfs({ plan });
    assert.equal(text(second, "/r/f"), "newer");
    assert.notEqual(second.resolveFromRoot("/r/f").inode.contentKey(), key);
    assert.equal(text(second, "/r/new"), "new");
    assert.deepEqual(names(second, "/r"), ["f", "new"]);

    fs.writeFileSync(join(tree.path, "g"), "other");
    fs.renameSync(join(tree.path, "g"), join(tree.path, "f"));
    assert.equal(text(new Vfs({ plan }), "/r/f"), "other");
    tree.dispose();
  });

  it("take no name for the file that was there before, once that has another name", () => {
    const tree = temporaryDirectory();
    for (const name of ["a", "b"]) {
      fs.mkdirSync(join(tree.path, name));
      fs.writeFileSync(join(tree.path, name, `of-${name}`), name);
      fs.writeFileSync(join(tree.path, `f-${name}`), name);
    }
    const plan = new MountPlan([{ guest: "/r", kind: "ro", host: tree.path }]);
    plans.push(plan);
    const first = new Vfs({ plan });
    assert.deepEqual([names(first, "/r/a"), names(first, "/r/b")], [["of-a"], ["of-b"]]);
    assert.deepEqual([text(first, "/r/f-a"), text(first, "/r/f-b")], ["a", "b"]);
    // As when one directory goes and the next one that is made gets its number.
    for (const [from, to] of [
      ["a", "kept"],
      ["b", "a"],
      ["kept", "b"],
      ["f-a", "f-kept"],
      ["f-b", "f-a"],
      ["f-kept", "f-b"],
    ] as const)
      fs.renameSync(join(tree.path, from), join(tree.path, to));
    const second = new Vfs({ plan });
    assert.deepEqual([names(second, "/r/a"), names(second, "/r/b")], [["of-b"], ["of-a"]]);
    assert.deepEqual([text(second, "/r/f-a"), text(second, "/r/f-b")], ["b", "a"]);
    tree.dispose();
  });

  it("list the files they read, each once, and no others", () => {
    const vfs = usual();
    text(vfs, "/ro/f");
    text(vfs, "/bin/l");
    text(vfs, "/w/a/b/big");
    vfs.resolveFromRoot("/ro/a/g").inode.stat();
    write(vfs, "/w/c/h", "completely replaced");
    vfs.collectChanges();
    const reads = vfs.collectReads();
    assert.deepEqual(
      reads.map((read) => read.path),
      ["/ro/f", "/w/a/b/big"],
    );
    assert.equal(reads[0].hostPath, join(host.path, "f"));
    assert.equal(reads[0].sha256, createHash("sha256").update("first file\n").digest("hex"));
    assert.equal(reads[0].changedDuringRun, false);
  });

  it("do not lose a hard link's other names in the change set", () => {
    const vfs = usual();
    write(vfs, "/w/c/h", "TWO");
    assert.deepEqual(
      vfs.collectChanges().map(({ path, kind }) => [path, kind]),
      [
        ["/w/a/h", "modify"],
        ["/w/c/h", "modify"],
      ],
    );
  });

  it("tell renames and links apart in the change set", () => {
    const vfs = usual();
    vfs.rename(vfs.root, "/w/f", vfs.root, "/w/moved", 0, ROOT);
    vfs.link(vfs.resolveFromRoot("/w/a/g"), vfs.root, "/w/linked", ROOT);
    const changes = vfs
      .collectChanges()
      .map(({ path, kind, renamedFrom, linkOf }) => [path, kind, renamedFrom ?? linkOf]);
    assert.deepEqual(changes, [
      ["/w/f", "delete", undefined],
      ["/w/linked", "add", "/w/a/g"],
      ["/w/moved", "add", "/w/f"],
    ]);
  });

  it("mark what the host changed under them", () => {
    const tree = temporaryDirectory();
    fs.writeFileSync(join(tree.path, "f"), "seen by the guest");
    const vfs = vfsOf([{ guest: "/w", kind: "overlay", host: tree.path }]);
    text(vfs, "/w/f");
    fs.writeFileSync(join(tree.path, "f"), "edited by the user meanwhile");
    write(vfs, "/w/f", "written by the guest");
    const [change] = vfs.collectChanges();
    assert.equal(change.baseChangedDuringRun, true);
    assert.equal(vfs.collectReads()[0].changedDuringRun, true);
    tree.dispose();
  });
});
