import assert from "node:assert/strict";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { LimitReached } from "../limits.ts";
import { ByteBudget } from "./budget.ts";
import { type Credentials, ROOT } from "./credentials.ts";
import { FileType } from "./inode.ts";
import { MountPlan, type MountSpec } from "./mounts.ts";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "./ram-directory.ts";
import { assertFails, BIG_BYTES, outcomeOf, readAll } from "./testing/fixtures.ts";
import { names, SampleWorld, text, write } from "./testing/sample-world.ts";
import { OpenFlag } from "./vfs.ts";

const world = new SampleWorld();
const { host } = world;
const usual = () => world.usual();
const vfsOf = (specs: readonly MountSpec[], budget?: ByteBudget) => world.vfsOf(specs, budget);
after(() => world.close());

describe("mounts", () => {
  it("show mount points and the way to them, though nothing of them exists below", () => {
    const vfs = usual();
    assert.deepEqual(names(vfs, "/"), ["bin", "etc", "one", "ro", "w"]);
    assert.deepEqual(names(vfs, "/w/mnt"), ["deep"]);
    assert.ok(names(vfs, "/w").includes("mnt"));
    assert.equal(text(vfs, "/etc/motd"), "hé\n");
    assert.equal(text(vfs, "/one"), "first file\n");
    assert.equal(text(vfs, "/bin/g"), "g");
    assert.equal(vfs.resolveFromRoot("/w/mnt/deep/../..").pathname(), "/w");
    assert.equal(vfs.resolveFromRoot("/../../w").pathname(), "/w");
  });

  it("keep a host directory below visible beside what is mounted into it", () => {
    const vfs = vfsOf([
      { guest: "/w", kind: "overlay", host: host.path },
      { guest: "/w/a/b/extra", kind: "tmpfs" },
    ]);
    assert.deepEqual(names(vfs, "/w/a/b"), ["big", "extra"]);
    write(vfs, "/w/a/new", "x");
    assert.deepEqual(
      vfs.collectChanges().map((change) => change.path),
      ["/w/a/new"],
    );
  });

  it("show a single host file whatever bytes its name has, also when a link leads there", () => {
    const [named, odd] = [
      join(host.path, "naïve é.txt"),
      Buffer.concat([Buffer.from(host.path), Buffer.of(0x2f, 0xff)]),
    ];
    const link = join(host.path, "link");
    writeFileSync(named, "named");
    writeFileSync(odd, "odd");
    symlinkSync(odd, link);
    try {
      const vfs = vfsOf([
        { guest: "/named", kind: "ro", host: named },
        { guest: "/odd", kind: "ro", host: link },
      ]);
      assert.deepEqual([text(vfs, "/named"), text(vfs, "/odd")], ["named", "odd"]);
      assert.deepEqual(
        vfs.collectReads().map(({ path, hostPath }) => [path, hostPath]),
        [
          ["/named", named],
          ["/odd", link],
        ],
      );
    } finally {
      for (const path of [named, odd, link]) rmSync(path);
    }
  });

  it("refuse every change below a read-only one with EROFS", () => {
    const vfs = usual();
    const at = (path: string) => vfs.resolveFromRoot(path);
    const refusals = [
      () => vfs.open(vfs.root, "/ro/new", OpenFlag.create | OpenFlag.writeOnly, 0o644, ROOT),
      () => vfs.open(vfs.root, "/ro/f", OpenFlag.writeOnly, 0, ROOT),
      () => vfs.open(vfs.root, "/ro/f", OpenFlag.truncate, 0, ROOT),
      () => vfs.open(vfs.root, "/ro/a", OpenFlag.tmpfile | OpenFlag.directory | OpenFlag.readWrite, 0o600, ROOT),
      () => vfs.mkdir(vfs.root, "/ro/new", 0o755, ROOT),
      () => vfs.mknod(vfs.root, "/ro/new", FileType.fifo, 0o644, 0, ROOT),
      () => vfs.symlink("x", vfs.root, "/ro/new", ROOT),
      () => vfs.link(at("/ro/f"), vfs.root, "/ro/new", ROOT),
      () => vfs.unlink(vfs.root, "/ro/f", ROOT),
      () => vfs.rmdir(vfs.root, "/ro/c", ROOT),
      () => vfs.rename(vfs.root, "/ro/f", vfs.root, "/ro/new", 0, ROOT),
      () => vfs.chmod(at("/ro/f"), 0o600, ROOT),
      () => vfs.chown(at("/ro/f"), 1, 1, ROOT),
      () => vfs.utimens(at("/ro/f"), { atimeNs: 0n, mtimeNs: 0n, isNow: false }, ROOT),
      () => vfs.truncate(at("/ro/f"), 0, ROOT),
      () => vfs.access(at("/ro/f"), 2, ROOT),
      () => vfs.open(vfs.root, "/etc/motd", OpenFlag.writeOnly, 0, ROOT),
      () => vfs.mkdir(vfs.root, "/etc/new", 0o755, ROOT),
    ];
    assert.deepEqual(
      refusals.map(outcomeOf),
      refusals.map(() => "EROFS"),
    );
    assertFails(() => vfs.mkdir(vfs.root, "/ro/a", 0o755, ROOT), "EEXIST");
  });

  it("are borders: no rename or link across, no removal of a mount point", () => {
    const vfs = usual();
    const f = vfs.resolveFromRoot("/w/f");
    assertFails(() => vfs.rename(vfs.root, "/w/f", vfs.root, "/w/mnt/deep/f", 0, ROOT), "EXDEV");
    assertFails(() => vfs.link(f, vfs.root, "/w/mnt/deep/f", ROOT), "EXDEV");
    const tmp = vfsOf([
      { guest: "/t", kind: "tmpfs" },
      { guest: "/t/in", kind: "tmpfs" },
    ]);
    assertFails(() => tmp.rmdir(tmp.root, "/t/in", ROOT), "EBUSY");
    assertFails(() => tmp.rename(tmp.root, "/t/in", tmp.root, "/t/out", 0, ROOT), "EBUSY");
  });

  it("say what is wrong with a configuration", () => {
    assert.throws(() => new MountPlan([{ guest: "w", kind: "tmpfs" }]), { code: "mount-invalid" });
    assert.throws(() => new MountPlan([{ guest: "/a/../b", kind: "tmpfs" }]), { code: "mount-invalid" });
    assert.throws(
      () =>
        new MountPlan([
          { guest: "/a", kind: "tmpfs" },
          { guest: "/a/", kind: "tmpfs" },
        ]),
      {
        code: "mount-invalid",
      },
    );
    const vfs = vfsOf([{ guest: "/x", kind: "ro", host: join(host.path, "absent") }]);
    assert.throws(() => vfs.resolveFromRoot("/x"), { code: "mount-missing" });
  });
});

describe("names", () => {
  it("follow their directory when it is renamed: getcwd and /proc/self/fd tell the present path", () => {
    const vfs = usual();
    const cwd = vfs.resolveFromRoot("/w/a/b");
    const big = vfs.resolveFromRoot("/w/a/b/big");
    big.inode.write(Buffer.from("changed"), 0);
    big.inode.retain();
    vfs.rename(vfs.root, "/w/a", vfs.root, "/w/c/moved", 0, ROOT);
    assert.equal(cwd.pathname(), "/w/c/moved/b");
    assert.equal(big.pathname(), "/w/c/moved/b/big");
    const up = vfs.resolve(cwd, "../..", { followLast: true, credentials: ROOT });
    assert.equal(up.pathname(), "/w/c");
    vfs.unlink(vfs.root, "/w/c/moved/b/big", ROOT);
    vfs.rmdir(vfs.root, "/w/c/moved/b", ROOT);
    assert.equal(cwd.isUnreachable, true);
    assert.equal(cwd.pathname(), "/w/c/moved/b (deleted)");
    assertFails(() => vfs.open(cwd, "new", OpenFlag.create | OpenFlag.writeOnly, 0o644, ROOT), "ENOENT");
    assert.equal(readAll(big).length, 200_000, "an open file outlives its name");
  });

  it("exchange and refuse to replace as renameat2 says", () => {
    const vfs = usual();
    vfs.rename(vfs.root, "/w/f", vfs.root, "/w/a", RENAME_EXCHANGE, ROOT);
    assert.equal(text(vfs, "/w/a"), "first file\n");
    assert.equal(text(vfs, "/w/f/g"), "g");
    const rename = (from: string, to: string, flags: number) =>
      outcomeOf(() => vfs.rename(vfs.root, from, vfs.root, to, flags, ROOT));
    assert.equal(rename("/w/a", "/w/dangling", RENAME_NOREPLACE), "EEXIST");
    assert.equal(rename("/w/a", "/w/none", RENAME_EXCHANGE), "ENOENT");
    assert.equal(rename("/w/f", "/w/f/b/x", 0), "EINVAL");
    assert.equal(rename("/w/a", "/w/none", RENAME_EXCHANGE | RENAME_NOREPLACE), "EINVAL");
    assert.equal(rename("/w/a", "/w/none", 4), "EINVAL");
  });

  it("may be given to a file made without one", () => {
    const vfs = usual();
    const flags = OpenFlag.tmpfile | OpenFlag.directory | OpenFlag.readWrite;
    const { location } = vfs.open(vfs.root, "/w/c", flags, 0o600, ROOT);
    location.inode.write(Buffer.from("late"), 0);
    assert.deepEqual(names(vfs, "/w/c"), ["h"]);
    vfs.link(location, vfs.root, "/w/c/named", ROOT);
    assert.equal(text(vfs, "/w/c/named"), "late");
    assert.deepEqual(
      vfs.collectChanges().map(({ path, kind }) => [path, kind]),
      [["/w/c/named", "add"]],
    );
  });

  it("stop at the limits of path_resolution(7)", () => {
    const vfs = vfsOf([{ guest: "/t", kind: "tmpfs" }]);
    const long = "n".repeat(255);
    vfs.mkdir(vfs.root, `/t/${long}`, 0o755, ROOT);
    assertFails(() => vfs.mkdir(vfs.root, `/t/${long}n`, 0o755, ROOT), "ENAMETOOLONG");
    assertFails(() => vfs.resolveFromRoot(`/${"t/../".repeat(900)}t`), "ENAMETOOLONG");
    for (let i = 0; i < 45; i++) vfs.symlink(i === 0 ? "." : `l${i - 1}`, vfs.root, `/t/l${i}`, ROOT);
    assert.equal(vfs.resolveFromRoot("/t/l39").pathname(), "/t");
    assertFails(() => vfs.resolveFromRoot("/t/l40"), "ELOOP");
    assertFails(() => vfs.resolveFromRoot(""), "ENOENT");
  });

  it("may hold any byte but a slash and a null", () => {
    const vfs = vfsOf([{ guest: "/t", kind: "tmpfs" }]);
    const hostile = ["new\nline", "\xff\xfe", "-rf", " ", "\x1b[2J", "a\\b", "con", "…".repeat(80).slice(0, 255)];
    for (const name of hostile) vfs.mkdir(vfs.root, `/t/${name}`, 0o755, ROOT);
    assert.deepEqual(names(vfs, "/t"), [...hostile].sort());
  });
});

describe("permissions", () => {
  const user: Credentials = { uid: 1000, gid: 1000, groups: [50] };

  it("give group rights to members only, and search rights apart from reading", () => {
    const vfs = vfsOf([{ guest: "/t", kind: "tmpfs" }]);
    vfs.mkdir(vfs.root, "/t/d", 0o710, ROOT);
    write(vfs, "/t/d/f", "x");
    vfs.chmod(vfs.resolveFromRoot("/t/d/f"), 0o640, ROOT);
    const read = (credentials: Credentials) =>
      outcomeOf(() => vfs.open(vfs.root, "/t/d/f", OpenFlag.readOnly, 0, credentials) && "ok");
    assert.equal(read(user), "EACCES");
    vfs.chown(vfs.resolveFromRoot("/t/d"), undefined, 50, ROOT);
    assert.equal(read(user), "EACCES");
    vfs.chown(vfs.resolveFromRoot("/t/d/f"), undefined, 50, ROOT);
    assert.equal(read(user), "ok");
    assertFails(() => vfs.open(vfs.root, "/t/d", OpenFlag.readOnly, 0, user), "EACCES");
    assertFails(() => vfs.chmod(vfs.resolveFromRoot("/t/d/f"), 0o777, user), "EPERM");
  });

  it("let only owners remove from a sticky directory", () => {
    const vfs = vfsOf([{ guest: "/t", kind: "tmpfs", mode: 0o1777 }]);
    write(vfs, "/t/roots", "x");
    vfs.mkdir(vfs.root, "/t/mine", 0o755, user);
    assertFails(() => vfs.unlink(vfs.root, "/t/roots", user), "EPERM");
    vfs.rmdir(vfs.root, "/t/mine", user);
  });
});

describe("limits", () => {
  it("end the run when the files written outgrow the budget, and not before", () => {
    const vfs = vfsOf([{ guest: "/w", kind: "overlay", host: host.path }], new ByteBudget(300_000));
    const { location } = vfs.open(vfs.root, "/w/out", OpenFlag.create | OpenFlag.writeOnly, 0o644, ROOT);
    location.inode.write(new Uint8Array(200_000), 0);
    assert.throws(
      () => location.inode.write(new Uint8Array(200_000), 200_000),
      (error: unknown) => error instanceof LimitReached && error.limit === "overlay",
    );
  });

  it("charge a changed host file for its whole size, which is handed out, and metadata nothing", () => {
    const budget = new ByteBudget(10_000_000);
    const vfs = vfsOf([{ guest: "/w", kind: "overlay", host: host.path }], budget);
    vfs.chmod(vfs.resolveFromRoot("/w/a/b/big"), 0o600, ROOT);
    assert.equal(budget.usedBytes, 0);
    vfs.resolveFromRoot("/w/a/b/big").inode.write(Buffer.from("x"), 100_000);
    assert.equal(budget.usedBytes, BIG_BYTES);
    vfs.unlink(vfs.root, "/w/a/b/big", ROOT);
    assert.equal(budget.usedBytes, 0);
  });

  it("charge holes where files are handed out, and only there", () => {
    const budget = new ByteBudget(10_000_000);
    const specs = [
      { guest: "/w", kind: "overlay", host: host.path },
      { guest: "/t", kind: "tmpfs" },
    ] as const;
    const vfs = vfsOf([...specs], budget);
    const create = (path: string) =>
      vfs.open(vfs.root, path, OpenFlag.create | OpenFlag.writeOnly, 0o644, ROOT).location.inode;
    const inRam = create("/t/sparse");
    inRam.write(Buffer.from("x"), 2 ** 40);
    assert.equal(budget.usedBytes, 4096);
    assert.equal(inRam.stat().blocks, 8);
    assertFails(() => inRam.write(Buffer.from("x"), 2 ** 43), "EFBIG");
    inRam.clear(0, 2 ** 40 + 1);
    assert.equal(budget.usedBytes, 4096);
    inRam.truncate(0);
    const kept = create("/w/sparse");
    kept.truncate(9_000_000);
    assert.equal(budget.usedBytes, 9_000_000);
    kept.write(Buffer.from("x"), 100);
    assert.equal(budget.usedBytes, 9_000_000);
    assert.throws(() => kept.truncate(10_000_001), LimitReached);
    assert.throws(() => kept.write(Buffer.from("x"), 10_000_000), LimitReached);
    kept.truncate(10);
    assert.equal(budget.usedBytes, 4096);
    vfs.link(vfs.resolveFromRoot("/w/sparse"), vfs.root, "/w/again", ROOT);
    vfs.unlink(vfs.root, "/w/sparse", ROOT);
    assert.equal(budget.usedBytes, 4096, "a name less is not a file less");
    vfs.unlink(vfs.root, "/w/again", ROOT);
    assert.equal(budget.usedBytes, 0);
  });

  it("bound the number of names", () => {
    const vfs = vfsOf([{ guest: "/t", kind: "tmpfs" }], new ByteBudget(1000, 10));
    for (let round = 0; round < 50; round++) {
      vfs.mkdir(vfs.root, "/t/again", 0o755, ROOT);
      vfs.rmdir(vfs.root, "/t/again", ROOT);
    }
    assert.throws(() => {
      for (let i = 0; i < 11; i++) vfs.mkdir(vfs.root, `/t/${i}`, 0o755, ROOT);
    }, LimitReached);
  });
});
