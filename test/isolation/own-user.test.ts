import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { availableLayers } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";
import { runRefusing } from "./missing-layer.ts";

/** A cell that root starts is another user's process on the host, and its guest sees the mounts as root's would. */

const missing = availableLayers().missing.get("uid");
const skip = kvmMissing() || (missing === undefined ? false : `SKIPPED: no user of its own: ${missing.step}`);
const OWNERS = [0, 1234] as const;
const MODES = [0o400, 0o600, 0o604, 0o640, 0o644, 0o444, 0o000] as const;

const LOOK = `
cd /data
for f in $(find . | sort); do
  stat -c '%n %u:%g %a %F %s' "$f"
  if [ -d "$f" ]; then ls "$f" 2>&1; else cat "$f" 2>&1; fi
done`;

describe("a user of its own", { skip }, () => {
  let base: string;

  before(() => {
    base = mkdtempSync(join(tmpdir(), "ztl-own-user-"));
    chmodSync(base, 0o700);
    for (const owner of OWNERS) {
      for (const mode of MODES) {
        const name = `${owner}-${mode.toString(8)}`;
        writeFileSync(join(base, name), `content of ${name}\n`);
        mkdirSync(join(base, `${name}-directory`));
        writeFileSync(join(base, `${name}-directory`, "inside"), "inside\n");
        for (const path of [name, `${name}-directory`]) {
          chownSync(join(base, path), owner, owner);
          chmodSync(join(base, path), path === name ? mode : mode | ((mode & 0o444) >> 2));
        }
      }
    }
    // Root's group alone may read the first; a link leads to what only root may read.
    writeFileSync(join(base, "group"), "for the group\n");
    chownSync(join(base, "group"), 1234, 0);
    chmodSync(join(base, "group"), 0o040);
    symlinkSync("0-600", join(base, "link"));
  });

  after(() => rmSync(base, { recursive: true, force: true }));

  const mounts = () => [{ kind: "overlay" as const, host: base, guest: "/data" }];

  test("is neither root nor anybody who owns a file, in every thread, and has no groups", async () => {
    const isolation = { uid: "required" } as const;
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts: mounts(), isolation });
    const run = await sandbox.run({ tool: "shell", code: "id -u" });
    assert.equal(run.stdoutText, "0\n", "the guest is called as before");
    assert.equal(run.isolation?.uid, true);
    const tasks = `/proc/${childPids()[0]}/task`;
    const statuses = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, "status"), "latin1"));
    const status = statuses.join("");
    assert.equal(new Set(statuses.map((one) => /^Uid:.*$/m.exec(one)?.[0])).size, 1, "in every thread");
    const ids = (name: string): string[] =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1]?.trim().split(/\s+/) ?? [];
    for (const name of ["Uid", "Gid"]) {
      assert.equal(new Set(ids(name)).size, 1);
      assert.ok(Number(ids(name)[0]) >= 1000 && Number(ids(name)[0]) !== 65_534, ids(name).join());
    }
    assert.deepEqual(ids("Groups").filter(Boolean), []);
  });

  test("files are seen, read and refused as by root without capabilities", async () => {
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts: mounts() });
    const here = await sandbox.run({ tool: "shell", code: LOOK });
    assert.equal(here.isolation?.uid, true);
    assert.match(here.stdoutText, /^content of 0-600$/m);
    assert.match(here.stdoutText, /^for the group$/m);
    assert.doesNotMatch(here.stdoutText, /^content of 1234-600$/m);
    // The kernel refuses to change users (setns), so that cells stay root's.
    const program = `
      const { Sandbox } = await import(${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))});
      const sandbox = await Sandbox.open({ cells: 1, cacheDirectory: ${JSON.stringify(TEST_CACHE)}, mounts: ${JSON.stringify(mounts())} });
      const run = await sandbox.run({ tool: "shell", code: ${JSON.stringify(LOOK)} });
      await sandbox.close();
      console.log(JSON.stringify({ uid: run.isolation.uid, text: run.stdoutText }));`;
    const there = JSON.parse(runRefusing([{ name: "setns", number: 308, errno: 1 }], program)) as {
      uid: boolean;
      text: string;
    };
    assert.equal(there.uid, false);
    assert.equal(here.stdoutText, there.text);
  });

  test("a mount that cannot map users keeps cells root's, is told, and refused where it is demanded", async (t) => {
    // ramfs knows no mapping (FS_ALLOW_IDMAP, linux/fs.h).
    const host = mkdtempSync(join(tmpdir(), "ztl-ramfs-"));
    execFileSync("mount", ["-t", "ramfs", "none", host]);
    t.after(() => {
      execFileSync("umount", ["--lazy", host]);
      rmSync(host, { recursive: true });
    });
    const mounts = [{ kind: "ro" as const, host, guest: "/data" }];
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts });
    const run = await sandbox.run({ tool: "shell", code: "ls /data | wc -l" });
    assert.equal(run.status, "ok");
    assert.equal(run.isolation?.uid, false);
    const isolation = { uid: "required" } as const;
    await using strict = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts, isolation });
    const refused = await strict.run({ tool: "shell", code: "true" });
    assert.ok(refused.status === "error");
    assert.equal(refused.error.code, "isolation-missing");
    assert.match(refused.error.message, /uid \(map the users of .*ramfs.*: EINVAL\)/);
  });
});
