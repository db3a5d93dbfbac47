import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Hex } from "../../base/sha256.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { commitChange, reviewOf } from "../testing/space.ts";
import { makeWorld, proposalOf } from "../testing/world.ts";

/** What may become of a content between the look at it and the yes. */
const TAMPERED: Readonly<Record<string, (path: string) => void>> = {
  replaced: (path) => fs.writeFileSync(path, "forged"),
  "replaced by one of the same length": (path) => fs.writeFileSync(path, "AGREED"),
  "cut short": (path) => fs.truncateSync(path, 2),
  gone: (path) => fs.rmSync(path),
};

for (const [name, tamper] of Object.entries(TAMPERED))
  test(`a content that is ${name} is not approved; the other files are, and it waits under its name`, async (t) => {
    const world = await makeWorld(t);
    const committed = await commitChange(world, (directory) => {
      fs.writeFileSync(join(directory, "a"), "agreed");
      fs.writeFileSync(join(directory, "same"), "agreed");
      fs.writeFileSync(join(directory, "b"), "other");
    });
    const { id, hash } = await reviewOf(world, committed);
    const sha256 = sha256Hex("agreed");
    tamper(join(world.place, "state", "contents", sha256.slice(0, 2), sha256.slice(2)));
    const { pending } = world.workspace;
    const left = ["a", "same"].map((file) => ({ path: `${GUEST_ROOT}/${file}`, reason: "kept-content-changed" }));
    const only = await pending.approve(id, { hash, reviewer: "ann", files: left.map(({ path }) => path) });
    assert.deepEqual(only, { status: "conflict", conflicts: left });
    const approved = await pending.approve(id, { hash, reviewer: "ann" });
    assert.ok(approved?.status === "approved", JSON.stringify(approved));
    assert.deepEqual(
      approved.left?.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
      left,
    );
    assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
    assert.deepEqual(fs.readdirSync(world.host), ["b"]);
    // Whoever looks at what is left can say no to it.
    const rest = await pending.get(id);
    assert.deepEqual(
      rest?.entries.map(({ path }) => path).toSorted(),
      left.map(({ path }) => path),
    );
    assert.equal((await pending.reject(id, { hash: rest?.hash ?? "", reviewer: "ann" }))?.status, "rejected");
  });

for (const [name, tamper] of Object.entries(TAMPERED))
  test(`of a set that was proposed, a content that is ${name} is not approved; the other files are`, async (t) => {
    const world = await makeWorld(t);
    const { id, hash } = await world.workspace.propose(
      proposalOf(world, (directory) => {
        fs.writeFileSync(join(directory, "a"), "agreed");
        fs.writeFileSync(join(directory, "b"), "other");
      }),
    );
    const sha256 = sha256Hex("agreed");
    tamper(join(world.place, "state", "contents", sha256.slice(0, 2), sha256.slice(2)));
    const all = await world.workspace.approve(id, { hash, reviewer: "ann" });
    const conflicts = [{ path: `${GUEST_ROOT}/a`, reason: "kept-content-changed" }];
    assert.deepEqual(all, { status: "conflict", conflicts });
    assert.equal(world.workspace.find(id)?.state, "pending");
    const other = await world.workspace.approve(id, { hash, reviewer: "ann", files: [`${GUEST_ROOT}/b`] });
    assert.equal(other.status, "approved");
    assert.equal((await world.workspace.sync(id)).status, "applied");
    assert.deepEqual(fs.readdirSync(world.host), ["b"]);
  });

for (const [name, tamper] of Object.entries(TAMPERED))
  test(`a content that is ${name} between the yes and the writing is not written, nor is anything else`, async (t) => {
    const world = await makeWorld(t);
    const { id, hash } = await world.workspace.propose(
      proposalOf(world, (directory) => {
        fs.writeFileSync(join(directory, "a"), "agreed");
        fs.writeFileSync(join(directory, "b"), "other");
      }),
    );
    assert.equal((await world.workspace.approve(id, { hash, reviewer: "ann" })).status, "approved");
    const sha256 = sha256Hex("agreed");
    tamper(join(world.place, "state", "contents", sha256.slice(0, 2), sha256.slice(2)));
    assert.equal((await world.workspace.sync(id)).status, "failed");
    assert.deepEqual(fs.readdirSync(world.host), []);
  });

test("permissions alone, and links, need no content of their own", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "a"), "host's");
  const committed = await commitChange(world, (directory) => {
    fs.chmodSync(join(directory, "a"), 0o755);
    fs.symlinkSync("a", join(directory, "link"));
    fs.mkdirSync(join(directory, "d"));
  });
  const { id, hash } = await reviewOf(world, committed);
  const approved = await world.workspace.pending.approve(id, { hash, reviewer: "ann" });
  assert.ok(approved?.status === "approved" && approved.left === undefined, JSON.stringify(approved));
  assert.equal((await world.workspace.sync(approved.changeSet.id)).status, "applied");
});
