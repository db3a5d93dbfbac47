import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeTree } from "../testing/tree.ts";
import { approveAll, carryOut, makeWorld, proposalOf } from "../testing/world.ts";

const MIB = 1024 * 1024;

test("5,000 files are synced and undone", async (t) => {
  const world = await makeWorld(t);
  for (let i = 0; i < 50; i++) fs.mkdirSync(join(world.host, `d${i}`));
  const started = performance.now();
  const id = await carryOut(world, (d) => {
    for (let i = 0; i < 5000; i++) fs.writeFileSync(join(d, `d${i % 50}`, `f${i}`), `content ${i}`);
  });
  const synced = performance.now();
  assert.deepEqual(describeTree(world.host), describeTree(world.guest));
  const undoing = performance.now();
  assert.equal((await world.workspace.undo(id)).status, "undone");
  t.diagnostic(
    `proposed and synced in ${Math.round(synced - started)} ms, undone in ${Math.round(performance.now() - undoing)} ms`,
  );
  assert.equal(describeTree(world.host).length, 51);
});

test("a sparse file of 1 GB stays sparse, here, in the state and after undo", async (t) => {
  const world = await makeWorld(t);
  const size = 1024 * MIB;
  const sparse = (path: string, mark: string): void => {
    const fd = fs.openSync(path, "w", 0o644);
    fs.ftruncateSync(fd, size);
    fs.writeSync(fd, mark, size / 2);
    fs.closeSync(fd);
  };
  sparse(join(world.host, "image"), "old");
  const content = Buffer.alloc(size);
  content.write("new", size / 2);
  const change = { path: "/project/image", kind: "modify" as const, fileType: "file" as const, mode: 0o644, content };
  const proposal = { ...proposalOf(world, () => undefined), changes: [change] };
  const started = performance.now();
  const { id } = await world.workspace.propose(proposal);
  await approveAll(world.workspace, id);
  const result = await world.workspace.sync(id);
  assert.equal(result.status, "applied", JSON.stringify(result));
  t.diagnostic(`proposed and synced in ${Math.round(performance.now() - started)} ms`);
  const expectSparse = (path: string, mark: string): void => {
    const status = fs.statSync(path);
    assert.equal(status.size, size);
    assert.ok(status.blocks * 512 < MIB, `${path} takes ${status.blocks * 512} bytes`);
    const fd = fs.openSync(path, "r");
    const found = Buffer.alloc(3);
    fs.readSync(fd, found, 0, 3, size / 2);
    fs.closeSync(fd);
    assert.equal(found.toString(), mark);
  };
  expectSparse(join(world.host, "image"), "new");
  assert.equal((await world.workspace.undo(id)).status, "undone");
  expectSparse(join(world.host, "image"), "old");
  const contents = join(world.place, "state", "contents");
  for (const name of fs.readdirSync(contents, { recursive: true, encoding: "utf8" })) {
    assert.ok(fs.statSync(join(contents, name)).blocks * 512 < MIB, name);
  }
});
