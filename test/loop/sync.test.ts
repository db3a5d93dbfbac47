import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/**
 * Shell scripts on a tree: run in the micro-VM, approved and synced, the host's tree must be what the same script makes of a
 * copy natively; undone, it must be what it was.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  "new, changed and deleted files": "echo new > new; echo more >> a.txt; rm b.txt; mkdir -p x/y/z; echo deep > x/y/z/f",
  "names that are hard to write": `echo 1 > 'new
line'; echo 2 > ' -rf '; echo 3 > "$(printf 'caf\\351')"; echo 4 > 'a"b\\c'; mkdir 'd
ir'; echo 5 > 'd
ir/f'`,
  "a directory where a file was, and a file where a directory was":
    "rm a.txt; mkdir a.txt; echo in > a.txt/in; rm -r dir; echo file > dir",
  "renames of files and directories": "mv a.txt moved.txt; mv dir folder; mv folder/sub/deep.txt folder/up.txt",
  "symbolic links, also to outside":
    "ln -s /usr/share/doc out; ln -s ../.. up; ln -s a.txt near; ln -sf b.txt link; rm -f dir/sub/deep.txt; ln -s nowhere dir/sub/deep.txt",
  "hard links": "ln a.txt again.txt; echo via >> again.txt; ln b.txt dir/b2.txt",
  modes: "chmod 600 a.txt; chmod 755 b.txt; chmod 700 dir; touch run.sh; chmod +x run.sh",
  "a sparse file": "truncate -s 64M sparse; printf x | dd of=sparse bs=1 seek=33554432 conv=notrunc 2>/dev/null",
  "names that differ in case alone": "echo 1 > Case; echo 2 > case; echo 3 > CASE",
  "many small files": "mkdir many; for i in $(seq 300); do echo $i > many/$i; done",
  "emptied and replaced": "rm -r *; mkdir -p dir/sub; echo other > dir/sub/deep.txt",
};

const TREE =
  "set -e; umask 022; chmod 755 .; echo one > a.txt; echo two > b.txt; ln -s a.txt link; mkdir -p dir/sub; echo deep > dir/sub/deep.txt; echo k > dir/keep; ln dir/keep dir/kept";

/** Everything that makes up a tree, but times and inode numbers; which names are one file is told by their first name. */
const LIST = `find . -printf '%y %m %s %l %p\\0' | sort -z | tr '\\0' '\\n'; find . -type f -print0 | sort -z | xargs -0 sha256sum;
find . -type f -links +1 -printf '%i %p\\0' | sort -z -k2 | tr '\\0' '\\n' | awk '{ if (!($1 in n)) n[$1] = ++c; print n[$1], $2 }'`;

function shell(script: string, cwd: string): string {
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], {
    cwd,
    encoding: "latin1",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

const listing = (directory: string): string => shell(LIST, directory).replace(/^d (\d+) \d+ /gm, "d $1 ");

suite("what is synced is what the program would have done", { skip: kvmMissing() }, () => {
  let world: TestLoop;
  const natives = mkdtempSync(join(tmpdir(), "ztl-native-"));
  before(async () => {
    world = await openTestLoop();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(natives, { recursive: true });
  });

  for (const [name, script] of Object.entries(SCRIPTS)) {
    test(name, async () => {
      const { loop, project } = world;
      shell(`find . -mindepth 1 -delete; ${TREE}`, project);
      const native = mkdtempSync(join(natives, "tree-"));
      shell(TREE, native);
      const before = listing(project);
      assert.equal(listing(native), before);
      shell(`umask 022; ${script}`, native);

      const result = await talk(loop, "writer").call({ tool: "shell", input: { code: `umask 022; ${script}` } });
      assert.ok("run" in result && result.run?.status === "ok", result.forModel.text);
      assert.equal(listing(project), before, "the host is untouched until somebody approves");
      assert.ok(result.changeSet);
      const { reviewId, hash } = result.changeSet;
      const approved = await loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
      assert.equal(approved.status, "done", JSON.stringify(approved));
      assert.equal(listing(project), listing(native));
      const undone = await loop.reviews.undo(reviewId, { reviewer: "ann" });
      assert.equal(undone.status, "done", JSON.stringify(undone));
      assert.equal(listing(project), before);
    });
  }

  test("an edit on the host meanwhile is a conflict of that file, and the others are applied", async () => {
    const { loop, project } = world;
    shell(`find . -mindepth 1 -delete; ${TREE}`, project);
    const result = await talk(loop, "writer").call({
      tool: "shell",
      input: { code: "echo x > a.txt; echo y > fresh" },
    });
    assert.ok(result.status === "ok" && result.changeSet);
    shell("echo edited > a.txt", project);
    const { reviewId, hash } = result.changeSet;
    const approved = await loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
    const conflicts = [{ path: "/project/a.txt", reason: "has another content on the host now" }];
    assert.ok(approved.status === "done" && approved.changeSetId !== reviewId, "the rest keeps the review");
    assert.deepEqual(
      { files: approved.files, conflicts: approved.conflicts },
      { files: ["/project/fresh"], conflicts },
    );
    assert.equal(shell("cat a.txt fresh", project), "edited\ny\n");
    const review = await loop.reviews.get(reviewId);
    assert.ok(review?.kind === "change-set" && review.state === "pending");
    assert.deepEqual(review.conflicts, conflicts);
    const again = await loop.reviews.approve(reviewId, { hash: review.hash, reviewer: "ann" });
    assert.deepEqual(again, { status: "conflict", conflicts });
    assert.equal((await loop.reviews.reject(reviewId, { reviewer: "ann" })).status, "done");
    assert.equal(shell("cat a.txt", project), "edited\n");
  });

  test("a directory that was replaced as a whole is seen as it is now", async () => {
    const { loop, project } = world;
    rmSync(project, { recursive: true });
    mkdirSync(project);
    shell(TREE, project);
    const result = await talk(loop, "writer").call({ tool: "shell", input: { code: "cat a.txt; mv dir folder" } });
    assert.ok(result.status === "ok" && result.changeSet);
    assert.match(result.forModel.text, /\none\n/);
  });

  test("a git hook needs a yes of its own", async () => {
    const { loop, project } = world;
    shell("mkdir -p .git/hooks", project);
    const code =
      "printf '#!/bin/sh\\nid\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout; echo fine > fine.txt";
    const result = await talk(loop, "writer").call({ tool: "shell", input: { code } });
    assert.ok(result.status === "ok" && result.changeSet);
    const { reviewId, hash } = result.changeSet;
    const hook = "/project/.git/hooks/post-checkout";
    const refused = await loop.reviews.approve(reviewId, { hash, reviewer: "ann" });
    assert.ok(refused.status === "protected" && refused.files[0]?.path === hook);
    const chosen = await loop.reviews.approve(reviewId, { hash, reviewer: "ann", files: ["/project/fine.txt"] });
    assert.ok(chosen.status === "done" && chosen.changeSetId !== reviewId, "the rest keeps the review");
    assert.deepEqual(chosen.files, ["/project/fine.txt"]);
    cpSync(project, join(natives, "after"), { recursive: true });
    assert.equal(shell("ls .git/hooks", project), "");
    assert.equal(loop.reviews.find(reviewId)?.state, "pending", "the rest waits on");
  });
});
