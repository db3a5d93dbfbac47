import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Sandbox } from "../../src/index.ts";
import { childPids } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { type AttemptResult, prisoner } from "./prisoner.ts";

/*
 * The second wall: even with code of the attacker's choosing in a cell, the process can start nothing, reach nobody and
 * change nothing. A plain Node process puts itself into the same jail and then tries; one process for each attempt,
 * because the jail kills whoever makes a system call that a cell has no use for.
 */

/** Attempts that end the prisoner. */
const DEADLY: Readonly<Record<string, string>> = {
  "write inside": 'fs.writeFileSync(allowed + "/file", "changed")',
  create: 'fs.writeFileSync(allowed + "/new", "x")',
  delete: 'fs.unlinkSync(allowed + "/file")',
  rename: 'fs.renameSync(allowed + "/file", allowed + "/moved")',
  "make a directory": 'fs.mkdirSync(allowed + "/dir")',
  link: 'fs.linkSync(allowed + "/file", allowed + "/link")',
  symlink: 'fs.symlinkSync("x", allowed + "/link")',
  chmod: 'fs.chmodSync(allowed + "/file", 0o777)',
  truncate: "fs.truncateSync(allowed + '/file')",
  "set times": 'fs.utimesSync(allowed + "/file", 1, 1)',
  "write to a device": 'fs.openSync("/dev/kvm", "r+")',
  "write through a descriptor's directory": "return call(257, held, path('new'), 0o101, 0o600)",
  "open with flags in memory (openat2)": "return call(437, held, path('new'), path('how'), 24)",
  "run a program": 'spawnSync("/bin/true")',
  "kill the parent": 'process.kill(parent, "SIGTERM")',
  "signal the parent by its thread": "return call(234, parent, parent, 0)",
  "limit the parent": "return call(302, parent, 0, 0, 0)",
  "change a limit of its own": "return call(302, 0, 7, path('limit'), 0)",
  "slow the parent down": "return call(141, 0, parent, 19)",
  "bind the parent to a processor": "return call(203, parent, 8, 0)",
  "look into the parent's memory": "return call(310, parent, 0, 0, 0, 0, 0)",
  "trace the parent": "return call(101, 16, parent, 0, 0)",
  "set an attribute of a file (setxattrat)": "return call(463, held, 0, 0, 0, 0, 0)",
  "set a file's flags (file_setattr)": "return call(469, held, 0, 0, 0, 0)",
  "set a file's flags (ioctl)": "return call(16, held, 0x40086602, 0)",
  "take ownership of a descriptor's signals": "return call(72, held, 8, parent)",
  "shared memory (SysV)": "return call(29, 0, 4096, 0o1600)",
  "read the kernel's log": "return call(103, 3, 0, 0)",
  "live on without the host": "return call(157, 1, 0, 0, 0, 0)",
  "leave its process group": "return call(112)",
  "watch files": "return call(300, 0, 0)",
  "map a file": "return call(9, 0, 4096, 1, 2, held, 0)",
  "make memory executable at once": "return call(9, 0, 4096, 7, 0x22, -1, 0)",
  "wake who waits in a file that others have mapped, too": "return call(202, path(''), 1, 1)",
  "read the clock of the parent's processor time": "return call(228, (~parent << 3) | 2, path(''))",
  "another process": "return call(56, 17, 0, 0, 0, 0)",
  "another thread": "return call(56, 0x50f00, 0, 0, 0, 0)",
  "a system call of the future": "return call(1000)",
  "a system call of the x32 ABI": "return call(0x40000000 + 39)",
  ...Object.fromEntries(
    Object.entries({ TCP: [2, 1], UDP: [2, 2], IPv6: [10, 1], Unix: [1, 1], netlink: [16, 3], raw: [2, 3] }).map(
      ([name, [family, type]]) => [`a socket: ${name}`, `return call(41, ${family}, ${type}, 0)`],
    ),
  ),
};

describe("the cell's jail", { concurrency: 2 }, () => {
  let base: string;
  let allowed: string;
  let other: string;

  before(() => {
    base = mkdtempSync(join(tmpdir(), "ztl-jail-"));
    allowed = join(base, "allowed");
    other = join(base, "other");
    for (const path of [allowed, other]) {
      mkdirSync(path);
      writeFileSync(join(path, "file"), path);
    }
  });

  after(() => rmSync(base, { recursive: true, force: true }));

  const attempt = (source: string, opened = allowed): Promise<AttemptResult> =>
    prisoner({
      readable: [allowed],
      before: `return fs.openSync(${JSON.stringify(opened)}, "r");`,
      attempt: `const allowed = ${JSON.stringify(allowed)}, other = ${JSON.stringify(other)}, parent = ${process.pid};
        const kept = globalThis.kept = [];
        const path = (text) => { const bytes = Buffer.alloc(4096); bytes.write(text); kept.push(bytes); return Number(koffi.address(bytes)); };
        ${source}`,
    });

  for (const [name, source] of Object.entries(DEADLY)) {
    test(`ends who tries: ${name}`, async () => {
      const result = await attempt(source);
      assert.deepEqual(result, { said: "", signal: "SIGSYS" });
      assert.equal(readFileSync(join(allowed, "file"), "utf8"), allowed);
      assert.deepEqual(readdirSync(allowed), ["file"]);
    });
  }

  test("reads what was open, and beneath the mounts", async () => {
    const source = `const fd = call(257, held, path("file"), 0o2000000); const b = Buffer.alloc(9); return b.toString("latin1", 0, fs.readSync(fd, b, 0, 9, 0));`;
    assert.deepEqual(await attempt(source), { said: allowed.slice(0, 9), signal: null });
  });

  test("opens nothing by its path", async () => {
    for (const path of [allowed, other, "/etc"])
      assert.deepEqual(
        await attempt(`fs.readdirSync(${JSON.stringify(path)})`),
        { said: "EACCES", signal: null },
        path,
      );
  });

  test("reads nothing outside the mounts through a directory that was open", async (t) => {
    const { said } = await attempt("return landlock");
    if (said === "0") return t.skip("SKIPPED: this kernel has no Landlock, so reads are not confined");
    assert.deepEqual(await attempt('return call(257, held, path("file"), 0o2000000)', other), {
      said: "errno 13",
      signal: null,
    });
    assert.deepEqual(await attempt('return call(257, held, path("/etc/passwd"), 0)'), {
      said: "errno 13",
      signal: null,
    });
  });

  test("cells are in it", { skip: kvmMissing() }, async () => {
    await using sandbox = await Sandbox.open({ cells: 1 });
    assert.equal((await sandbox.run({ tool: "exec", program: "true" })).status, "ok");
    // Besides it, the first sandbox on a machine may have a process that fills the compile cache and ends.
    let cells = childPids();
    for (let tries = 0; cells.length > 1 && tries < 200; tries++) {
      await sleep(50);
      cells = childPids();
    }
    assert.equal(cells.length, 1);
    for (const thread of readdirSync(`/proc/${cells[0]}/task`)) {
      const status = readFileSync(`/proc/${cells[0]}/task/${thread}/status`, "utf8");
      assert.match(status, /^Seccomp:\t2$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
    }
    const open = readdirSync(`/proc/${cells[0]}/fd`).map((fd) => readlinkSync(`/proc/${cells[0]}/fd/${fd}`));
    assert.ok(!open.includes("/dev/kvm"), open.join());
  });

  test("a path that does not exist is an error, not a hole", async () => {
    await assert.rejects(prisoner({ readable: [join(base, "missing")], attempt: "" }), /ENOENT/);
  });
});
