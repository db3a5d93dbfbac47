import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../temporary-directory.ts";
import { copyAttributes } from "./extended-attributes.ts";

/** Neither the owner of these files nor anybody else's; any number but 0 does. */
const NOBODY = 65_534;

/** Runs a line of Python with the file's path as `p`; Node itself has no calls for attributes. */
function python(path: string, code: string): string {
  const run = spawnSync("python3", ["-I", "-c", `import os, sys; p = sys.argv[1]; ${code}`, path], {
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

/** Notes something on a file; false where that cannot be done. */
function tryToNote(path: string): boolean {
  const code = "import os, sys; os.setxattr(sys.argv[1], 'user.note', b'x')";
  return spawnSync("python3", ["-I", "-c", code, path]).status === 0;
}

test("attributes of users are given to another file, whole; a file without any gives none", async (t) => {
  const directory = temporaryDirectory("ztl-attributes-");
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  fs.writeFileSync(from, "old");
  if (!tryToNote(from)) return t.skip("SKIPPED: no python3, or this file system has no attributes for users");
  python(from, "os.setxattr(p, 'user.bytes', bytes(range(256)) * 8); os.setxattr(p, 'user.empty', b'')");
  const target = fs.openSync(to, "wx");
  copyAttributes(from, target);
  copyAttributes(Buffer.from(to), target);
  fs.closeSync(target);
  assert.equal(python(to, "print(sorted(os.listxattr(p)))"), "['user.bytes', 'user.empty', 'user.note']\n");
  assert.equal(python(to, "print(os.getxattr(p, 'user.bytes') == bytes(range(256)) * 8)"), "True\n");
});

test("what is not there is an error, and a link is not followed", (t) => {
  const directory = temporaryDirectory("ztl-attributes-");
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const target = fs.openSync(join(directory, "to"), "wx");
  t.after(() => fs.closeSync(target));
  assert.throws(() => copyAttributes(join(directory, "none"), target), { code: "attributes-not-kept" });
  fs.symlinkSync("none", join(directory, "link"));
  copyAttributes(join(directory, "link"), target);
});

test("a right that a content has goes with it; who may see it stays", async (t) => {
  const directory = temporaryDirectory("ztl-attributes-");
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  fs.writeFileSync(from, "old");
  const set =
    "for n in ('selinux', 'SMACK64', 'SMACK64EXEC', 'SMACK64MMAP', 'selinux2'): os.setxattr(p, 'security.' + n, b'x')";
  const isThere = spawnSync("python3", ["-I", "-c", `import os, sys; p = sys.argv[1]\n${set}`, from]);
  if (isThere.status !== 0)
    return t.skip("SKIPPED: no python3, not root, or a security module that knows these attributes");
  const target = fs.openSync(to, "wx");
  copyAttributes(from, target);
  fs.closeSync(target);
  assert.equal(python(to, "print(sorted(os.listxattr(p)))"), "['security.SMACK64', 'security.selinux']\n");
});

test("what this user may not set is left out", async (t) => {
  const directory = temporaryDirectory("ztl-attributes-");
  t.after(() => fs.rmSync(directory, { recursive: true }));
  fs.chmodSync(directory, 0o755);
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  fs.writeFileSync(from, "old");
  if (!tryToNote(from)) return t.skip("SKIPPED: no python3, or this file system has no attributes for users");
  const target = fs.openSync(to, "wx", 0o400);
  const isRoot = process.geteuid?.() === 0;
  // The file's mode is asked for each attribute again (xattr(7)); root may do all.
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    copyAttributes(from, target);
  } finally {
    if (isRoot) process.seteuid?.(0);
    fs.closeSync(target);
  }
  assert.equal(python(to, "print(os.listxattr(p))"), "[]\n");
});
