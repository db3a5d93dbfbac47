import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { RebaseTake } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { commitChange, commitChanges, reviewOf } from "../testing/space.ts";
import { sha256 } from "../testing/tree.ts";
import { makeWorld, type World } from "../testing/world.ts";

const LINES = ["one", "two", "three", "four", "five", "six", "seven"];
const text = (changes: Readonly<Record<number, string>> = {}): string =>
  `${LINES.map((line, index) => changes[index] ?? line).join("\n")}\n`;

/** A text, a picture, and a file that stands in nobody's way; the agent changes all, and somebody the first two on the host. */
async function moved(t: TestContext, agents: string, hosts: string): Promise<{ world: World; id: string }> {
  const world = await makeWorld(t);
  const write = (directory: string, name: string, content: string): void =>
    fs.writeFileSync(join(directory, name), content);
  write(world.host, "text", text());
  write(world.host, "picture", "\0before");
  const { review } = await commitChange(world, (directory) => {
    write(directory, "text", agents);
    write(directory, "picture", "\0agent");
    write(directory, "other", "made");
  });
  write(world.host, "text", hosts);
  write(world.host, "picture", "\0person");
  return { world, id: review?.id ?? assert.fail("nothing is pending") };
}

async function rebase({ workspace }: World, id: string, take: RebaseTake, files?: readonly string[]) {
  const hash = workspace.pending.find(id)?.hash ?? "";
  const result = await workspace.pending.rebase(id, { hash, take, files });
  return result?.status === "rebased" ? result : assert.fail(JSON.stringify(result));
}

async function approve({ workspace }: World, id: string) {
  const hash = workspace.pending.find(id)?.hash ?? "";
  const approved = await workspace.pending.approve(id, { hash, reviewer: "ann" });
  if (approved?.status === "approved")
    assert.equal((await workspace.sync(approved.changeSet.id)).status, "applied", "what was approved is applied");
  return approved;
}

const read = ({ host }: World, name: string): string => fs.readFileSync(join(host, name), "utf8");

test("both changes of a text are in it; what is no text waits for somebody who says which", async (t) => {
  const { world, id } = await moved(t, text({ 0: "agent" }), text({ 6: "person" }));
  const before = world.workspace.pending.find(id)?.hash;
  const { files, unmerged, hash } = await rebase(world, id, "merge");
  assert.deepEqual(files, [{ path: "/project/text", became: "merged" }]);
  assert.deepEqual(unmerged, [{ path: "/project/picture", reason: "content-changed" }]);
  assert.notEqual(hash, before, "a yes to what was shown before does not count");
  assert.equal(read(world, "text"), text({ 6: "person" }), "nothing is written by it");
  const stale = await world.workspace.pending.approve(id, { hash: before ?? "", reviewer: "ann" });
  assert.equal(stale?.status, "stale");
  const approved = await approve(world, id);
  assert.ok(approved?.status === "approved");
  assert.deepEqual(approved.left, [{ path: "/project/picture", reason: "content-changed" }]);
  assert.equal(read(world, "text"), text({ 0: "agent", 6: "person" }));
  assert.equal(read(world, "picture"), "\0person");
  assert.equal(read(world, "other"), "made");
  assert.deepEqual((await rebase(world, id, "workspace")).files, [{ path: "/project/picture", became: "kept" }]);
  const second = await approve(world, id);
  assert.ok(second?.status === "approved");
  assert.equal(read(world, "picture"), "\0agent");
  assert.equal((await world.workspace.undo(second.changeSet.id)).status, "undone");
  assert.equal(read(world, "picture"), "\0person", "an undo brings the person's version back");
});

test("where both changed the same line both stand between markers, and it waits for the agent", async (t) => {
  const { world, id } = await moved(t, text({ 3: "agent" }), text({ 3: "person", 0: "first" }));
  const { files } = await rebase(world, id, "merge", ["/project/text"]);
  assert.deepEqual(files, [{ path: "/project/text", became: "marked" }]);
  const marked = Buffer.from((await world.workspace.content(id, "/project/text", "new")) ?? []).toString();
  assert.equal(marked, text({ 0: "first", 3: "<<<<<<< host\nperson\n=======\nagent\n>>>>>>> agent" }));
  const approved = await approve(world, id);
  assert.ok(approved?.status === "approved");
  assert.ok(approved.left?.some(({ path, reason }) => path === "/project/text" && reason === "conflict-markers"));
  // The agent's next call finds the markers, and decides.
  const content = Buffer.from(text({ 0: "first", 3: "agreed" }));
  const path = `${GUEST_ROOT}/text`;
  await commitChanges(world, [{ path, kind: "modify", fileType: "file", mode: 0o644, content }]);
  assert.ok((await approve(world, id))?.status === "approved");
  assert.equal(read(world, "text"), text({ 0: "first", 3: "agreed" }));
});

test("the host's version: the agent's change is dropped, and the rest waits on", async (t) => {
  const { world, id } = await moved(t, text({ 3: "agent" }), text({ 3: "person" }));
  const { files } = await rebase(world, id, "host");
  assert.deepEqual(
    files.map(({ became }) => became),
    ["dropped", "dropped"],
  );
  const review = await world.workspace.pending.get(id);
  assert.deepEqual(
    review?.entries.map(({ path }) => path),
    ["/project/other"],
  );
  assert.deepEqual(review?.conflicts, []);
  assert.equal(read(world, "text"), text({ 3: "person" }));
});

test("a file that is gone from the host, and one that somebody made there first", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "gone"), "one\n");
  const { review } = await commitChange(world, (directory) => {
    fs.writeFileSync(join(directory, "gone"), "two\n");
    fs.writeFileSync(join(directory, "made"), "agent\n");
  });
  const id = review?.id ?? assert.fail();
  fs.rmSync(join(world.host, "gone"));
  fs.writeFileSync(join(world.host, "made"), "person\n");
  const merged = await rebase(world, id, "merge");
  assert.deepEqual(
    merged.unmerged.map(({ reason }) => reason),
    ["missing", "already-exists"],
  );
  assert.equal((await approve(world, id))?.status, "conflict");
  await rebase(world, id, "workspace");
  assert.ok((await approve(world, id))?.status === "approved");
  assert.deepEqual([read(world, "gone"), read(world, "made")], ["two\n", "agent\n"]);
});

test("refusals are values: stale, nothing in conflict, no such file", async (t) => {
  const world = await makeWorld(t);
  const { review } = await commitChange(world, (directory) => fs.writeFileSync(join(directory, "a"), "a"));
  const { id, hash } = review ?? assert.fail();
  const { pending } = world.workspace;
  assert.deepEqual(await pending.rebase(id, { hash: "0".repeat(64) }), { status: "stale", hash });
  assert.deepEqual(await pending.rebase(id, { hash }), { status: "nothing-chosen" });
  assert.deepEqual(await pending.rebase(id, { hash, files: ["/x"] }), { status: "unknown-files", files: ["/x"] });
  assert.equal(await pending.rebase("none", { hash }), undefined);
});

test("a conflict in one of 20,000 files leaves 19,999 approvable", async (t) => {
  const world = await makeWorld(t);
  const content = Buffer.from("made\n");
  const newSha256 = sha256(content);
  const names = Array.from({ length: 20_000 }, (_, number) => `d${number % 100}/f${number}`);
  for (let number = 0; number < 100; number++) fs.mkdirSync(join(world.host, `d${number}`));
  const made = await commitChanges(
    world,
    names.map((name) => ({
      ...{ path: `${GUEST_ROOT}/${name}`, kind: "add", fileType: "file", mode: 0o644, content, newSha256 },
    })),
  );
  const { id, entries } = await reviewOf(world, made);
  assert.equal(entries.length, 20_000);
  const [taken = ""] = names;
  fs.writeFileSync(join(world.host, taken), "a person's\n");
  const approved = await approve(world, id);
  assert.ok(approved?.status === "approved");
  assert.equal(approved.changeSet.entries.length, 19_999);
  assert.deepEqual(approved.left, [{ path: `${GUEST_ROOT}/${taken}`, reason: "already-exists" }]);
  assert.equal(read(world, taken), "a person's\n");
  for (const name of names.slice(1)) assert.equal(read(world, name), "made\n");
  const rest = await world.workspace.pending.get(id);
  assert.deepEqual(
    rest?.entries.map(({ path }) => path),
    [`${GUEST_ROOT}/${taken}`],
  );
});
