import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { BLOB_GRACE_MS } from "../../base/blob-files.ts";
import { toByteString } from "../../base/byte-string.ts";
import { Workspace } from "../index.ts";
import { sha256 } from "../testing/tree.ts";
import { carryOut, makeWorld, proposalOf, temporaryDirectory } from "../testing/world.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { Turn } from "./turn.ts";

test("turns are taken one after the other, over several databases as over several processes", async (t) => {
  const directory = temporaryDirectory(t);
  const turns = [new Turn(directory), new Turn(directory)];
  t.after(() => turns.forEach((turn) => turn.close()));
  let inside = 0;
  const work = async (): Promise<void> => {
    assert.equal(++inside, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
  };
  await Promise.all([0, 1, 0, 1, 0].map((index) => turns[index]?.take(work)));
  await assert.rejects(turns[0]?.take(() => Promise.reject(new Error("failed"))) ?? Promise.resolve(), /failed/);
  await turns[1]?.take(work);
});

test("contents that no set uses are removed when they are old, others are kept", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "a"), "old");
  const id = await carryOut(world, (d) => fs.writeFileSync(join(d, "a"), "new"));
  const contents = join(world.place, "state", "contents");
  const put = (name: string, ageMs: number): string => {
    const path = join(contents, name.slice(0, 2), name.slice(2));
    fs.mkdirSync(join(contents, name.slice(0, 2)), { recursive: true });
    fs.writeFileSync(path, "x");
    const at = new Date(Date.now() - ageMs);
    fs.utimesSync(path, at, at);
    return path;
  };
  const abandoned = put("a".repeat(64), 2 * BLOB_GRACE_MS);
  const fresh = put("b".repeat(64), 0);
  for (const name of fs.readdirSync(contents, { recursive: true, encoding: "utf8" })) {
    if (fs.statSync(join(contents, name)).isFile() && join(contents, name) !== fresh)
      fs.utimesSync(join(contents, name), 0, 0);
  }
  const again = await Workspace.open({ directory: join(world.place, "state") });
  assert.deepEqual([fs.existsSync(abandoned), fs.existsSync(fresh)], [false, true]);
  assert.equal((await again.undo(id)).status, "undone");
  await again.close();
});

test("a content changed on disk is not brought to the host", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const { id, hash } = await workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, "a"), "agreed")));
  await workspace.approve(id, { hash, reviewer: "r" });
  const contents = join(world.place, "state", "contents");
  const names = fs.readdirSync(contents, { recursive: true, encoding: "utf8" });
  const blob = names.map((name) => join(contents, name)).find((path) => fs.statSync(path).isFile());
  fs.writeFileSync(blob as string, "forged");
  await assert.rejects(workspace.content(id, "/project/a", "new"), { code: "blob-damaged" });
  assert.equal((await workspace.sync(id)).status, "failed");
  assert.deepEqual(fs.readdirSync(world.host), []);
});

test("a root that is gone is waited for; then what was half done there is ended", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const { id } = await workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, "a"), "x")));
  // As a process leaves it that is killed between two steps.
  const inode = String(fs.statSync(world.host).ino);
  const entry: JournalEntry = {
    ...{ changeSetId: id, operation: "sync", phase: "staging" },
    roots: [{ path: world.host, inode }],
    steps: [{ do: "place", root: 0, path: toByteString("a"), object: 0 }],
    objects: [{ type: "file", uid: 0, gid: 0, mode: 0o644, sha256: sha256(Buffer.from("x")), sizeBytes: 1 }],
    found: [""],
  };
  const staging = join(world.host, `.ztl-sync-${id}`);
  for (const name of ["new", "old"]) fs.mkdirSync(join(staging, name), { recursive: true });
  fs.writeFileSync(join(staging, "new", "0"), "x");
  fs.chmodSync(join(staging, "new", "0"), 0o644);
  fs.linkSync(join(staging, "new", "0"), join(world.host, "a"));
  const database = new DatabaseSync(join(world.place, "state", "workspace.sqlite"));
  const journal = new Journal(database);
  await journal.begin(entry);
  journal.apply(id);
  database.close();
  const reopen = async (): Promise<readonly string[]> => {
    const again = await Workspace.open({ directory: join(world.place, "state") });
    await again.close();
    return again.recovered.map(({ outcome }) => outcome);
  };
  fs.renameSync(world.host, `${world.host}-away`);
  assert.deepEqual(await reopen(), ["unreachable"]);
  fs.mkdirSync(world.host);
  assert.deepEqual(await reopen(), ["unreachable"], "another directory of that name is not touched");
  fs.rmdirSync(world.host);
  fs.renameSync(`${world.host}-away`, world.host);
  assert.deepEqual(await reopen(), ["rolled-back"]);
  assert.deepEqual(fs.readdirSync(world.host), []);
  assert.equal(workspace.find(id)?.state, "approved");
});
