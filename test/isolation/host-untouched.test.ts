import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  type BigIntStats,
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ChangedFile, Sandbox } from "../../src/index.ts";
import { kvmMissing } from "../kvm.ts";

/*
 * A run deletes, rewrites and creates files wherever it can. The host's trees must be the same afterwards, and the change
 * set must list exactly what the same script does to a copy of the tree natively.
 */

/** One file of a tree: everything about it a program can see. */
interface Entry {
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  /** Hash of the content, or the link's target. */
  readonly content: string;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function typeOf(stat: BigIntStats): Entry["type"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : "other";
}

/** What is in it, or a mark that whoever runs the test may not know. */
function contentOf(path: string, type: Entry["type"]): string {
  try {
    if (type === "file") return createHash("sha256").update(readFileSync(path)).digest("hex");
    return type === "symlink" ? readlinkSync(path) : "";
  } catch {
    return "unreadable";
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function list(root: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const visit = (path: string): void => {
    for (const name of namesIn(join(root, path))) {
      const inner = `${path}/${name}`;
      const stat = lstatSync(join(root, inner), { bigint: true });
      const type = typeOf(stat);
      const content = contentOf(join(root, inner), type);
      entries.set(inner, {
        type,
        mode: Number(stat.mode) & 0o7777,
        content,
        mtimeNs: stat.mtimeNs,
        ctimeNs: stat.ctimeNs,
      });
      if (type === "directory") visit(inner);
    }
  };
  visit("");
  return entries;
}

/** What changed between two listings, one line each: kind, path, type. */
function difference(before: ReadonlyMap<string, Entry>, now: ReadonlyMap<string, Entry>): string[] {
  const lines: string[] = [];
  for (const [path, entry] of before) {
    const other = now.get(path);
    if (other?.type !== entry.type) lines.push(`delete ${path} ${entry.type}`);
    else if (other.content !== entry.content || (entry.type !== "symlink" && other.mode !== entry.mode))
      lines.push(`modify ${path} ${entry.type}`);
  }
  for (const [path, entry] of now) if (before.get(path)?.type !== entry.type) lines.push(`add ${path} ${entry.type}`);
  return lines.sort();
}

const MOUNT = "/data";

function changeLines(changes: readonly ChangedFile[]): string[] {
  return changes.map(({ kind, path, fileType }) => `${kind} ${path.slice(MOUNT.length)} ${fileType}`).sort();
}

function makeTree(root: string): void {
  mkdirSync(join(root, "deep/a/b"), { recursive: true });
  for (const name of [
    "keep",
    "rewrite",
    "append",
    "remove",
    "rename me",
    "chmod",
    "same",
    "truncate",
    "deep/a/b/leaf",
    "deep/other",
  ])
    writeFileSync(join(root, name), `content of ${name}\n`.repeat(50));
  writeFileSync(join(root, "new\nline"), "x");
  symlinkSync("keep", join(root, "link"));
  symlinkSync("/etc/passwd", join(root, "outside"));
  linkSync(join(root, "keep"), join(root, "hard"));
  mkdirSync(join(root, "moved/inside"), { recursive: true });
  writeFileSync(join(root, "moved/inside/file"), "inside");
  chmodSync(join(root, "deep"), 0o750);
}

/** What is done to the tree, natively and in the VM alike. */
const SCRIPT = `set -u
echo new > rewrite; echo more >> append; rm remove; mv 'rename me' 'named [now]'; chmod 600 chmod; cp same tmp && cat tmp > same && rm tmp
truncate -s 10 truncate; rm -r deep/a; mkdir -p made/x; echo in > made/x/file; ln -s made/x linked; ln rewrite rewrite-too; rm link; echo file > link
rm outside; mkdir outside; echo y > $'new\\nline'; touch gone; rm gone; mv moved/inside moved/elsewhere; mkfifo pipe; rm pipe; echo hard >> hard
mkdir flip; rmdir flip; echo flip > flip; cp -a made copy; printf '\\xff' > $'bad\\xff'; rm -f $'bad\\xff'; sqlite3 base.db 'create table t(a); insert into t values(1)' 2>/dev/null || echo db > base.db`;

/** Everything else that looks writable, with the host's own system directories first. Failures are expected and ignored. */
const VANDALISM = `
for d in / /usr /usr/bin /usr/lib /etc /bin /lib /dev /proc /proc/self /sys /var /var/tmp /tmp /run /home /home/agent /root /boot /opt /srv /mnt /dev/shm /readonly; do
  echo vandal > $d/vandal; mkdir $d/vandal-dir; ln -s / $d/vandal-link; done
rm -rf /etc/passwd /usr/bin/env /readonly/* /lib/x86_64-linux-gnu/libc.so.6; echo x > /etc/hosts; echo x >> /usr/bin/env; chmod 777 /etc /usr /readonly; chown 1:1 /readonly/keep
mv /usr /usr2; mv /readonly/keep /readonly/kept; : > /proc/sysrq-trigger; echo c > /proc/sys/kernel/core_pattern; dd if=/dev/zero of=/dev/sda count=1; dd if=/dev/zero of=/dev/mem count=1
mknod /tmp/sda b 8 0 && cat /tmp/sda; mount -t proc proc /mnt; cat outside; cat ../../../../../../etc/shadow; ls /root /home/*; true`;

describe("a run leaves the host untouched", { skip: kvmMissing() }, () => {
  let base: string;
  let sandbox: Sandbox;

  before(async () => {
    base = mkdtempSync(join(tmpdir(), "ztl-untouched-"));
    for (const name of ["tree", "readonly"]) {
      mkdirSync(join(base, name));
      makeTree(join(base, name));
    }
    sandbox = await Sandbox.open({
      cells: 1,
      mounts: [
        { kind: "overlay", host: join(base, "tree"), guest: MOUNT },
        { kind: "ro", host: join(base, "readonly"), guest: "/readonly" },
      ],
    });
  });

  after(async () => {
    await sandbox?.close();
    rmSync(base, { recursive: true, force: true });
  });

  test("the change set is what the script does to a copy, and the host's trees stay as they were", async () => {
    const copy = join(base, "copy");
    cpSync(join(base, "tree"), copy, { recursive: true, verbatimSymlinks: true });
    rmSync(join(copy, "hard"));
    linkSync(join(copy, "keep"), join(copy, "hard"));
    const copied = list(copy);
    execFileSync("bash", ["-c", SCRIPT], { cwd: copy, stdio: "pipe" });
    const expected = difference(copied, list(copy));
    assert.ok(expected.length > 25, "the script changes much");

    const before = [list(join(base, "tree")), list(join(base, "readonly"))];
    const run = await sandbox.run({ tool: "shell", code: SCRIPT, cwd: MOUNT });
    assert.equal(run.status, "ok", run.stderrText);
    assert.deepEqual(changeLines(run.changes), expected);
    assert.deepEqual([list(join(base, "tree")), list(join(base, "readonly"))], before);
  });

  test("vandalism everywhere changes nothing, and only the overlay reports changes", async () => {
    const system = (): string[] =>
      ["/etc", "/usr/bin", "/", "/tmp"].map((path) =>
        JSON.stringify([path, readdirSync(path).filter((name) => name.startsWith("vandal")), lstatSync(path).mode]),
      );
    const before = [list(join(base, "tree")), list(join(base, "readonly")), list("/etc"), system()];
    const run = await sandbox.run({
      tool: "shell",
      code: `${VANDALISM}; cd ${MOUNT}; rm -rf ./* ; echo all > all`,
      cwd: "/",
    });
    assert.equal(run.status, "ok", run.stderrText);
    assert.deepEqual([list(join(base, "tree")), list(join(base, "readonly")), list("/etc"), system()], before);
    const gone = [...list(join(base, "tree"))].map(([path, entry]) => `delete ${path} ${entry.type}`);
    assert.deepEqual(changeLines(run.changes), [...gone, "add /all file"].sort());
    assert.doesNotMatch(run.stdoutText, /root:[*!$x]/, "the host's shadow file is out of reach");
  });

  test("the next run sees the tree as it was", async () => {
    const run = await sandbox.run({
      tool: "shell",
      code: `cat ${MOUNT}/keep | head -1; ls ${MOUNT} | wc -l; ls /tmp /home/agent | grep -c vandal`,
      cwd: "/",
    });
    assert.equal(run.stdoutText, `content of keep\n${readdirSync(join(base, "tree")).length + 1}\n0\n`);
  });
});
