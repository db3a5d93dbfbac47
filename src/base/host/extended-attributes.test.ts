import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../temporary-directory.ts";
import { copyAttributes } from "./extended-attributes.ts";

/** Runs a line of Python with the file's path as `p`; Node itself has no calls for attributes. */
function python(path: string, code: string): string {
  const run = spawnSync("python3", ["-I", "-c", `import os, sys; p = sys.argv[1]; ${code}`, path], {
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

test("attributes of users are given to another file, whole; a file without any gives none", async (t) => {
  const directory = temporaryDirectory("ztl-attributes-");
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const [from, to] = [join(directory, "from"), join(directory, "to")];
  fs.writeFileSync(from, "old");
  const isThere = spawnSync("python3", [
    "-I",
    "-c",
    "import os, sys; os.setxattr(sys.argv[1], 'user.note', b'x')",
    from,
  ]);
  if (isThere.status !== 0) return t.skip("SKIPPED: no python3, or this file system has no attributes for users");
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
