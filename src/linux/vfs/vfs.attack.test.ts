import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ROOT } from "./credentials.ts";
import { MountPlan } from "./mounts.ts";
import { assertFails, outcomeOf, readAll, temporaryDirectory } from "./testing/fixtures.ts";
import { OpenFlag, Vfs } from "./vfs.ts";

/** Ways out of a mounted host directory: each must end inside the guest's tree, or nowhere. */

const outside = temporaryDirectory();
fs.writeFileSync(join(outside.path, "secret"), "outside");
const host = temporaryDirectory();
const inside = join(host.path, "inside");
fs.mkdirSync(join(inside, "sub"), { recursive: true });
fs.writeFileSync(join(host.path, "sibling"), "outside too");
fs.writeFileSync(join(inside, "sub/file"), "inside");
fs.symlinkSync(join(outside.path, "secret"), join(inside, "absolute"));
fs.symlinkSync("../sibling", join(inside, "upward"));
fs.symlinkSync(outside.path, join(inside, "directory"));
fs.symlinkSync("/proc/self/root", join(inside, "magic"));
execFileSync("mkfifo", [join(inside, "pipe")]);

const plan = new MountPlan([
  { guest: "/w", kind: "overlay", host: inside },
  { guest: "/r", kind: "ro", host: inside },
]);
after(() => {
  plan.close();
  host.dispose();
  outside.dispose();
});

function read(vfs: Vfs, path: string): string {
  return outcomeOf(() => readAll(vfs.open(vfs.root, path, OpenFlag.readOnly, 0, ROOT).location).toString());
}

describe("a mounted host directory", () => {
  it("cannot be left by symbolic links or ..", () => {
    const vfs = new Vfs({ plan });
    for (const mount of ["/w", "/r"]) {
      for (const path of [
        "absolute",
        "upward",
        "directory/secret",
        "magic/etc/passwd",
        "../sibling",
        "sub/../../sibling",
      ]) {
        assert.equal(read(vfs, `${mount}/${path}`), "ENOENT", path);
      }
      assert.equal(read(vfs, `${mount}/upward/`), "ENOENT");
    }
  });

  it("does not create through a symbolic link that leads out", () => {
    const vfs = new Vfs({ plan });
    vfs.symlink(join(outside.path, "planted"), vfs.root, "/w/trap", ROOT);
    const create = () => vfs.open(vfs.root, "/w/trap", OpenFlag.create | OpenFlag.writeOnly, 0o644, ROOT);
    assertFails(create, "ENOENT");
    assert.deepEqual(fs.readdirSync(outside.path), ["secret"]);
  });

  it("does not follow a symbolic link swapped in for a directory in the middle of a run", () => {
    const vfs = new Vfs({ plan });
    assert.equal(vfs.resolveFromRoot("/r/sub").pathname(), "/r/sub");
    fs.renameSync(join(inside, "sub"), join(inside, "was-sub"));
    fs.symlinkSync(outside.path, join(inside, "sub"));
    fs.symlinkSync(join(outside.path, "secret"), join(outside.path, "file"));
    try {
      assert.equal(read(vfs, "/r/sub/secret"), "ENOENT");
      assert.equal(read(vfs, "/r/sub/file"), "ENOENT");
      // O_DIRECTORY|O_NOFOLLOW on what is now a symbolic link.
      assertFails(() => vfs.list(vfs.resolveFromRoot("/r/sub")).length, "ENOTDIR");
    } finally {
      fs.unlinkSync(join(inside, "sub"));
      fs.unlinkSync(join(outside.path, "file"));
      fs.renameSync(join(inside, "was-sub"), join(inside, "sub"));
    }
  });

  it("does not read another file swapped in for one already looked at", () => {
    const vfs = new Vfs({ plan });
    const { location } = vfs.open(vfs.root, "/r/sub/file", OpenFlag.readOnly, 0, ROOT);
    fs.renameSync(join(inside, "sub/file"), join(inside, "sub/kept"));
    fs.linkSync(join(outside.path, "secret"), join(inside, "sub/file"));
    try {
      assertFails(() => readAll(location).toString(), "ESTALE");
    } finally {
      fs.renameSync(join(inside, "sub/kept"), join(inside, "sub/file"));
    }
  });

  it("hides pipes, sockets and devices of the host", () => {
    const vfs = new Vfs({ plan });
    assert.equal(read(vfs, "/r/pipe"), "ENOENT");
    assert.ok(!vfs.list(vfs.resolveFromRoot("/r")).some((entry) => entry.name === "pipe"));
    assertFails(() => vfs.unlink(vfs.root, "/w/pipe", ROOT), "ENOENT");
  });

  it("keeps no more host files open than its cache holds", () => {
    const many = temporaryDirectory();
    for (let i = 0; i < 400; i++) fs.writeFileSync(join(many.path, String(i)), String(i));
    const own = new MountPlan([{ guest: "/m", kind: "ro", host: many.path }]);
    const before = fs.readdirSync("/proc/self/fd").length;
    for (let run = 0; run < 3; run++) {
      const vfs = new Vfs({ plan: own });
      for (let i = 0; i < 400; i++) assert.equal(read(vfs, `/m/${i}`), String(i));
      vfs.collectReads();
    }
    assert.ok(fs.readdirSync("/proc/self/fd").length - before <= 260);
    own.close();
    assert.ok(fs.readdirSync("/proc/self/fd").length <= before);
    many.dispose();
  });
});
