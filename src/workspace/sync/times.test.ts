import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { approveAll, makeWorld, proposalOf } from "../testing/world.ts";

/** A time with digits down to the microsecond. */
const TIME_NS = 1_234_567_890_123_456_000n;

/** As far as a sync keeps it. */
const timeUs = (path: string): bigint => fs.lstatSync(path, { bigint: true }).mtimeNs / 1000n;

const CASES: readonly { readonly name: string; readonly change: (path: string) => void }[] = [
  { name: "a new file", change: (path) => fs.writeFileSync(`${path}2`, "new") },
  { name: "a changed file", change: (path) => fs.writeFileSync(path, "changed") },
  { name: "changed permissions", change: (path) => fs.chmodSync(path, 0o600) },
];

for (const { name, change } of CASES) {
  test(`the time a run gave a file survives: ${name}`, async (t) => {
    const world = await makeWorld(t);
    const path = join(world.host, "a");
    fs.writeFileSync(path, "old");
    fs.utimesSync(path, 1000.25, 1000.25);
    const proposal = proposalOf(world, (d) => change(join(d, "a")));
    const changes = proposal.changes.map((one) => ({ ...one, mtimeNs: TIME_NS.toString() }));
    const { id, entries } = await world.workspace.propose({ ...proposal, changes });
    await approveAll(world.workspace, id);
    assert.equal((await world.workspace.sync(id)).status, "applied");
    const changed = entries[0]?.hostPath ?? "";
    assert.equal(timeUs(changed), TIME_NS / 1000n);
    assert.equal((await world.workspace.undo(id)).status, "undone");
    assert.equal(timeUs(path), 1_000_250_000n);
  });
}

test("whole seconds are kept exactly, and a file whose permissions alone change keeps its time", async (t) => {
  const world = await makeWorld(t);
  const path = join(world.host, "a");
  const nanoseconds = (): bigint => fs.lstatSync(path, { bigint: true }).mtimeNs;
  fs.writeFileSync(path, "old");
  for (const seconds of [0, 1_580_702_706, 4_000_000_000]) {
    fs.utimesSync(path, seconds, seconds);
    const before = nanoseconds();
    const proposal = proposalOf(world, (d) => fs.chmodSync(join(d, "a"), seconds === 0 ? 0o600 : 0o640));
    const changes = proposal.changes.map((one) => ({ ...one, mtimeNs: before.toString() }));
    const { id } = await world.workspace.propose({ ...proposal, changes });
    await approveAll(world.workspace, id);
    assert.equal((await world.workspace.sync(id)).status, "applied");
    assert.equal(nanoseconds(), before);
    assert.equal((await world.workspace.undo(id)).status, "undone");
    assert.equal(nanoseconds(), before);
  }
});

test("a time alone is a change", async (t) => {
  const world = await makeWorld(t);
  const path = join(world.host, "a");
  fs.writeFileSync(path, "old");
  fs.utimesSync(path, 1000.25, 1000.25);
  const { mode, uid, gid } = fs.lstatSync(path);
  const touched = {
    path: "/project/a",
    kind: "modify",
    fileType: "file",
    metadataOnly: true,
    mtimeNs: TIME_NS.toString(),
  } as const;
  const changes = [{ ...touched, mode: mode & 0o7777, uid, gid }];
  const { id } = await world.workspace.propose({ ...proposalOf(world, () => undefined), changes });
  await approveAll(world.workspace, id);
  assert.equal((await world.workspace.sync(id)).status, "applied");
  assert.equal(timeUs(path), TIME_NS / 1000n);
  assert.equal((await world.workspace.undo(id)).status, "undone");
  assert.equal(timeUs(path), 1_000_250_000n);
});
