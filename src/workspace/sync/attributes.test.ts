import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { approveAll, makeWorld, proposalOf } from "../testing/world.ts";

const python = (code: string, path: string) =>
  spawnSync("python3", ["-I", "-c", `import os, sys; p = sys.argv[1]; ${code}`, path]);
const attributes = (path: string): string =>
  python("print({n: os.getxattr(p, n) for n in os.listxattr(p)})", path).stdout.toString();

test("a file whose content is changed keeps its extended attributes, forwards, back and forwards again", async (t) => {
  const world = await makeWorld(t);
  const path = join(world.host, "a");
  fs.writeFileSync(path, "old");
  if (
    python("os.setxattr(p, 'user.origin', b'https://example.invalid/'); os.setxattr(p, 'user.empty', b'')", path)
      .status !== 0
  )
    return t.skip("SKIPPED: no python3, or this file system has no attributes for users");
  const before = attributes(path);
  assert.match(before, /user\.origin/);
  const { id } = await world.workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, "a"), "changed")));
  await approveAll(world.workspace, id);
  assert.equal((await world.workspace.sync(id)).status, "applied");
  assert.equal(fs.readFileSync(path, "utf8"), "changed");
  assert.equal(attributes(path), before);
  assert.equal((await world.workspace.undo(id)).status, "undone");
  assert.equal(fs.readFileSync(path, "utf8"), "old");
  assert.equal(attributes(path), before);
  assert.equal((await world.workspace.redo(id)).status, "redone");
  assert.equal(fs.readFileSync(path, "utf8"), "changed");
  assert.equal(attributes(path), before);
});
