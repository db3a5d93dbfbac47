import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";
import type { Stage } from "../stage.ts";

const CODE = `
import os, socket, stat
def tried(act, *args):
  try: act(*args)
  except OSError as error: print(error)
os.chmod("/data", 0o7777)
for name in ("f", "d", "l"):
  path = f"/data/{name}-to-"
  for kind in ("file", "directory", "link", "fifo"):
    old = path + kind
    if name == "d": os.rmdir(old)
    else: os.unlink(old)
    if kind == "file": open(old, "w").write("now a file")
    elif kind == "directory": os.mkdir(old)
    elif kind == "link": os.symlink("/etc/shadow", old)
    else: os.mkfifo(old)
tried(os.mknod, "/data/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
tried(os.mknod, "/data/disk", 0o660 | stat.S_IFBLK, os.makedev(8, 0))
tried(socket.socket(socket.AF_UNIX).bind, "/data/socket")
os.rename("/data/tree", "/data/moved")
os.rename("/data/moved/in", "/data/out")
os.link("/data/linked", "/data/again")
open("/data/linked-too", "a").write("more")
os.link("/data/out/file", "/data/third")
os.chmod("/data/modes", 0)
os.chmod("/data/modes", 0o4777)
os.chown("/data/modes", 2**32 - 2, 2**32 - 2) if os.getuid() == 0 else None
os.utime("/data/times", (0, 0))
open("/data/empty", "w").close()
open("/data/holes", "w").truncate(1 << 20)
os.truncate("/data/times", 0)
os.mkdir("/data/ro-beside")
tried(os.rename, "/data/vendor", "/data/vendor-2")
tried(os.rmdir, "/data/vendor")
tried(os.symlink, "x" * 4095, "/data/long")
os.symlink("..", "/data/up")
`;

/** Sizes and ends of what the code made. */
const LOOK = `cd /project && ls -lR > /dev/null
for file in f-to-file l-to-file out/file moved/file third holes; do stat -c %s $file; done
cat modes && echo && stat -c %s vendor-2/hidden
for link in d-to-link up l-to-fifo; do readlink $link; done`;

/** A tree of the host for the code to change. */
function fill(host: string): void {
  for (const kind of ["file", "directory", "link", "fifo"]) {
    writeFileSync(join(host, `f-to-${kind}`), "a file");
    mkdirSync(join(host, `d-to-${kind}`));
    symlinkSync("/nowhere", join(host, `l-to-${kind}`));
  }
  for (const directory of ["tree", "tree/in", "vendor"]) mkdirSync(join(host, directory));
  for (const file of ["tree/file", "tree/in/file", "linked", "modes", "times", "vendor/hidden"])
    writeFileSync(join(host, file), file);
  linkSync(join(host, "linked"), join(host, "linked-too"));
  chmodSync(join(host, "modes"), 0o644);
}

/** The same changes lie under the next call as a layer. */
async function tryNextCall(stage: Stage): Promise<void> {
  const { loop, project } = await stage.loop();
  fill(project);
  const writer = talk(loop, "writer");
  const made = await writer.call({ tool: "python", input: { code: CODE.replaceAll("/data", "/project") } });
  assert.equal(made.status, "ok", made.forModel.text);
  const next = await writer.call({ tool: "shell", input: { code: LOOK } });
  assert.ok(next.status === "ok", next.forModel.text);
  const seen = next.output.text.trimEnd().split("\n");
  assert.deepEqual(seen, ["10", "10", "12", "9", "12", "1048576", "modes", "13", "/etc/shadow", "..", "/nowhere"]);
}

export const attack: Attack = {
  promise: 12,
  must: "Every kind of change that a guest can make is reported: the host's checks of a reply refuse none of them.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const [host, vendor] = [stage.newDirectory(), stage.newDirectory()];
    fill(host);
    const sandbox = await stage.sandbox({
      mounts: [
        { kind: "overlay", host, guest: "/data" },
        { kind: "ro", host: vendor, guest: "/data/vendor" },
      ],
    });
    const result = await sandbox.run({ tool: "python", code: CODE });
    assert.equal(result.status, "ok", result.stderrText);
    assert.ok(result.changes.length > 30, `${result.changes.length}`);
    assert.deepEqual(new Set(result.changes.map(({ kind }) => kind)), new Set(["add", "modify", "delete"]));
    assert.ok(
      ["file", "directory", "symlink", "fifo"].every((type) => result.changes.some((one) => one.fileType === type)),
    );
    assert.ok(!result.changes.some(({ path }) => path.startsWith("/data/vendor/")));
    sandbox.assertNoCellLost();
    await tryNextCall(stage);
  },
};
