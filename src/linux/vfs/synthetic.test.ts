import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ROOT } from "./credentials.ts";
import { devMounts } from "./dev.ts";
import type { Location } from "./location.ts";
import { MountPlan } from "./mounts.ts";
import { type ProcFile, type ProcSource, procRoot } from "./proc.ts";
import type { ProcLink } from "./synthetic.ts";
import { assertFails, readAll } from "./testing/fixtures.ts";
import { OpenFlag, Vfs } from "./vfs.ts";

function read(location: Location, bytes = 100): Buffer {
  const into = Buffer.alloc(bytes, 0xee);
  return into.subarray(0, location.inode.read(into, 0));
}

const open = (vfs: Vfs, path: string, flags: number = OpenFlag.readOnly): Location =>
  vfs.open(vfs.root, path, flags, 0o644, ROOT).location;

describe("/dev", () => {
  const plan = new MountPlan([...devMounts((bytes) => void bytes.fill(7)), { guest: "/proc", kind: "tmpfs" }]);

  it("holds the devices programs expect", () => {
    const vfs = new Vfs({ plan });
    assert.equal(read(open(vfs, "/dev/null")).length, 0);
    assert.deepEqual(read(open(vfs, "/dev/zero"), 5), Buffer.alloc(5));
    const full = open(vfs, "/dev/full", OpenFlag.readWrite);
    assertFails(() => full.inode.write(Buffer.from("x"), 0), "ENOSPC");
    for (const name of ["random", "urandom"]) assert.deepEqual(read(open(vfs, `/dev/${name}`), 4), Buffer.alloc(4, 7));
    const sink = open(vfs, "/dev/null", OpenFlag.writeOnly | OpenFlag.create | OpenFlag.truncate);
    assert.equal(sink.inode.write(Buffer.from("gone"), 0), 4);
    assert.equal(sink.inode.stat().rdev, 0x103);
    assert.deepEqual(
      vfs
        .list(vfs.resolveFromRoot("/dev"))
        .map((entry) => entry.name)
        .sort(),
      ["fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"],
    );
  });

  it("cannot be added to, but has a writable shm", () => {
    const vfs = new Vfs({ plan });
    assertFails(() => open(vfs, "/dev/new", OpenFlag.create | OpenFlag.writeOnly), "EACCES");
    assertFails(() => vfs.unlink(vfs.root, "/dev/null", ROOT), "EPERM");
    open(vfs, "/dev/shm/segment", OpenFlag.create | OpenFlag.readWrite).inode.write(Buffer.from("x"), 0);
    assert.equal(readAll(vfs.resolveFromRoot("/dev/shm/segment")).toString(), "x");
  });
});

describe("/proc", () => {
  let comm = "sh";
  const rename = (text: string): void => {
    comm = text;
  };
  const alive = new Set([1, 7]);
  const plan = new MountPlan([
    { guest: "/proc", kind: "synthetic" },
    { guest: "/t", kind: "tmpfs" },
  ]);

  function procVfs(): Vfs {
    const vfs: Vfs = new Vfs({ plan, roots: { "/proc": () => procRoot(source) } });
    const link = (text: string, follow: () => Location | undefined): ProcLink => ({ text: () => text, follow });
    const source: ProcSource = {
      processes: () => [...alive],
      self: () => 7,
      owner: () => ({ uid: 1000, gid: 1000 }),
      files: (pid) =>
        new Map<string, () => string>([
          ["stat", () => `${pid} (${comm}) R\n`],
          ["net/dev", () => "lo\n"],
        ]),
      links: () => new Map([["cwd", link("/t/d", () => vfs.resolveFromRoot("/t/d"))]]),
      namespaces: () => new Map(),
      has: (pid) => alive.has(pid),
      descriptors: () => [0, 5],
      descriptor: (_pid, number) =>
        number === 0
          ? link("/t/f", () => vfs.resolveFromRoot("/t/f"))
          : number === 5
            ? link("/t/gone (deleted)", () => undefined)
            : undefined,
      threads: (pid) => [pid],
      global: new Map<string, ProcFile>([
        ["meminfo", () => "MemTotal: 1 kB\n"],
        ["sys/kernel/ostype", () => "Linux\n"],
        ["comm", { read: () => comm, write: rename }],
      ]),
    };
    vfs.mkdir(vfs.root, "/t/d", 0o755, ROOT);
    open(vfs, "/t/f", OpenFlag.create | OpenFlag.writeOnly).inode.write(Buffer.from("content"), 0);
    return vfs;
  }

  it("shows processes as they come and go", () => {
    const vfs = procVfs();
    assert.equal(read(open(vfs, "/proc/self/stat")).toString(), "7 (sh) R\n");
    assert.equal(read(open(vfs, "/proc/7/task/7/net/dev")).toString(), "lo\n");
    assert.equal(read(open(vfs, "/proc/sys/kernel/ostype")).toString(), "Linux\n");
    assert.equal(vfs.resolveFromRoot("/proc/7").inode.stat().ino, vfs.resolveFromRoot("/proc/7").inode.stat().ino);
    alive.delete(1);
    assertFails(() => vfs.resolveFromRoot("/proc/1"), "ENOENT");
    assertFails(() => vfs.resolveFromRoot("/proc/007"), "ENOENT");
  });

  it("gives one open description one content, and takes writes where allowed", () => {
    const vfs = procVfs();
    const before = open(vfs, "/proc/7/stat");
    open(vfs, "/proc/comm", OpenFlag.writeOnly | OpenFlag.truncate).inode.write(Buffer.from("new"), 0);
    assert.equal(read(before).toString(), "7 (sh) R\n");
    assert.equal(read(open(vfs, "/proc/7/stat")).toString(), "7 (new) R\n");
    assertFails(() => open(vfs, "/proc/new", OpenFlag.create | OpenFlag.writeOnly), "EACCES");
    comm = "sh";
  });

  it("has links that lead to the object itself", () => {
    const vfs = procVfs();
    assert.equal(
      vfs.readlink(vfs.resolve(vfs.root, "/proc/self/fd/0", { followLast: false, credentials: ROOT })),
      "/t/f",
    );
    assert.equal(readAll(open(vfs, "/proc/self/fd/0")).toString(), "content");
    assert.equal(vfs.resolveFromRoot("/proc/self/cwd/..").pathname(), "/t");
    assertFails(() => open(vfs, "/proc/self/fd/5"), "ENOENT");
    assertFails(() => open(vfs, "/proc/self/fd/0", OpenFlag.noFollow), "ELOOP");
    assert.deepEqual(
      vfs.list(vfs.resolveFromRoot("/proc/self/fd")).map((entry) => entry.name),
      ["0", "5"],
    );
  });
});
