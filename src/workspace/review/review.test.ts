import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Hex } from "../../base/sha256.ts";
import { Workspace } from "../index.ts";
import { approveAll, makeWorld, proposalOf } from "../testing/world.ts";

const write =
  (name: string, content = "x") =>
  (directory: string) =>
    fs.writeFileSync(join(directory, name), content);

test("an approval is bound to the hash of what was seen; of two reviewers one decides", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const { id, hash } = await workspace.propose(proposalOf(world, write("a")));
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.deepEqual(await workspace.approve(id, { hash: "0".repeat(64), reviewer: "one" }), { status: "stale", hash });
  assert.equal((await workspace.approve(id, { hash, reviewer: "one", message: "fine" })).status, "approved");
  const second = await workspace.approve(id, { hash, reviewer: "two" });
  assert.equal(second.status, "not-pending");
  assert.equal(second.status === "not-pending" && second.decidedBy, "one");
  assert.equal(workspace.reject(id, { reviewer: "three" }).status, "not-pending");
  assert.equal(workspace.find(id)?.message, "fine");
});

test("the hash covers who, where, what and from which base", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  fs.writeFileSync(join(world.host, "a"), "1");
  const proposal = proposalOf(world, write("a", "2"));
  const other = (more: Partial<typeof proposal>) => ({ ...proposal, ...more });
  const [change] = proposal.changes;
  assert.ok(change);
  const variants = [
    proposal,
    other({ runId: "other" }),
    other({ agent: "other" }),
    other({ command: "other" }),
    other({ roots: [{ hostRoot: world.place, guestRoot: "/project" }] }),
    other({ tool: "other" }),
    other({ roots: proposal.roots.map((root) => ({ ...root, guestRoot: "/" })) }),
    other({ changes: [] }),
    other({ changes: [{ ...change, mode: 0o600 }] }),
    other({ changes: [{ ...change, uid: 7 }] }),
    other({ changes: [{ ...change, gid: 7 }] }),
    other({ changes: [{ ...change, mtimeNs: "1" }] }),
    other({ changes: [{ ...change, mtimeNs: "2" }] }),
    other({ changes: [{ ...change, content: Buffer.from("3"), newSha256: sha256Hex("3") }] }),
    other({ changes: [{ ...change, kind: "add", path: `${change.path}2` }] }),
    other({ changes: [{ ...change, kind: "add", path: `${change.path}2`, linkOf: change.path }] }),
    other({ changes: [{ path: change.path, kind: "delete", fileType: "file" }] }),
    ...["x", "y"].map((symlinkTarget) =>
      other({ changes: [{ path: `${change.path}2`, kind: "add", fileType: "symlink", symlinkTarget }] }),
    ),
    other({ changes: [{ path: `${change.path}2`, kind: "add", fileType: "directory", mode: 0o700 }] }),
    other({ changes: [{ ...change, baseSha256: "0".repeat(64) }] }),
  ];
  const hashes = [];
  for (const variant of variants) hashes.push((await workspace.propose(variant)).hash);
  assert.equal(new Set(hashes).size, variants.length);
  assert.equal((await workspace.propose(proposal)).hash, hashes[0], "and nothing else");
});

test("reviewers in several processes at once: exactly one wins", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const { id, hash } = await workspace.propose(proposalOf(world, write("a")));
  const module = new URL("../index.ts", import.meta.url).href;
  const script = `
    const { Workspace } = await import(${JSON.stringify(module)});
    const [directory, id, hash] = process.argv.slice(1);
    const workspace = await Workspace.open({ directory });
    process.stdout.write("ready");
    await new Promise((resolve) => process.stdin.once("data", resolve));
    const result = await workspace.approve(id, { hash, reviewer: String(process.pid) });
    console.log(" " + result.status + " " + (result.decidedBy ?? result.changeSet.decidedBy));
    process.exit();`;
  const reviewers = [1, 2, 3].map(() => {
    const args = ["--input-type=module", "-e", script, join(world.place, "state"), id, hash];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    const ready = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        resolve();
      });
    });
    return { child, ready, ended: once(child, "close").then(() => output.trim().split(" ").slice(1)) };
  });
  await Promise.all(reviewers.map(({ ready }) => ready));
  for (const { child } of reviewers) child.stdin.write("go");
  const results = await Promise.all(reviewers.map(({ ended }) => ended));
  assert.deepEqual(results.map(([status]) => status).sort(), ["approved", "not-pending", "not-pending"]);
  assert.equal(new Set(results.map(([, by]) => by)).size, 1, "all are told who");
});

test("time rejects", async (t) => {
  let now = 1_000_000;
  const { workspace, ...world } = await makeWorld(t, { now: () => now, expireAfterMs: 1000 });
  const { id, hash } = await workspace.propose(proposalOf(world, write("a")));
  now += 999;
  assert.deepEqual(workspace.expire(), []);
  now += 1;
  assert.deepEqual(await workspace.approve(id, { hash, reviewer: "late" }), { status: "expired" });
  assert.deepEqual(workspace.reject(id, { reviewer: "late" }), { status: "expired" });
  assert.deepEqual(workspace.expire(), [id]);
  assert.equal(workspace.find(id)?.state, "expired");
  assert.deepEqual(await workspace.sync(id), { status: "not-approved", state: "expired" });
});

test("chosen files only, and what they need", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  fs.writeFileSync(join(world.host, "old"), "moved");
  fs.mkdirSync(join(world.host, "gone"));
  fs.writeFileSync(join(world.host, "gone", "inner"), "x");
  const proposal = proposalOf(world, (d) => {
    write("single")(d);
    fs.mkdirSync(join(d, "new", "sub"), { recursive: true });
    write("new/sub/file")(d);
    fs.renameSync(join(d, "old"), join(d, "moved"));
    fs.rmSync(join(d, "gone"), { recursive: true });
    write("one", "linked")(d);
    fs.linkSync(join(d, "one"), join(d, "two"));
  });
  const changes = proposal.changes.map((change) =>
    change.path === "/project/moved" ? { ...change, renamedFrom: "/project/old" } : change,
  );
  const { id, hash, entries } = await workspace.propose({ ...proposal, changes });
  const kinds = Object.fromEntries(entries.map(({ path, kind }) => [path.slice(9), kind]));
  assert.equal(kinds.moved, "rename");
  assert.equal(kinds.two, "hard-link");
  const missing = async (...names: string[]) => {
    const files = names.map((name) => `/project/${name}`);
    const result = await workspace.approve(id, { hash, reviewer: "r", files });
    return result.status === "incomplete-selection" ? result.missing.map(({ path }) => path.slice(9)).sort() : result;
  };
  assert.deepEqual(await missing("new/sub/file"), ["new/sub"]);
  assert.deepEqual(await missing("new/sub/file", "new/sub"), ["new"]);
  assert.deepEqual(await missing("moved"), ["old"]);
  assert.deepEqual(await missing("old"), ["moved"]);
  assert.deepEqual(await missing("gone"), ["gone/inner"]);
  assert.deepEqual(await missing("two"), ["one"]);
  assert.deepEqual(await missing("nowhere"), { status: "unknown-files", files: ["/project/nowhere"] });
  assert.deepEqual(await missing(), { status: "nothing-chosen" });
  const files = ["single", "moved", "old"].map((name) => `/project/${name}`);
  assert.equal((await workspace.approve(id, { hash, reviewer: "r", files })).status, "approved");
  assert.equal((await workspace.sync(id)).status, "applied");
  assert.deepEqual(fs.readdirSync(world.host).sort(), ["gone", "moved", "single"]);
  assert.equal((await workspace.undo(id)).status, "undone");
  assert.deepEqual(fs.readdirSync(world.host).sort(), ["gone", "old"]);
});

test("a second process sees what the first proposed, and applies it", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  const { id } = await workspace.propose(proposalOf(world, write("a")));
  const other = await Workspace.open({ directory: join(world.place, "state") });
  await approveAll(other, id);
  const results = await Promise.all([workspace.sync(id), other.sync(id)]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["applied", "not-approved"]);
  await other.close();
});

/** What somebody may do to the database, by what it would mean: another file, less, more, elsewhere, another command. */
const DAMAGE = {
  "another path": "UPDATE list_row SET items = replace(items, 'project/a', 'project/b') WHERE name = 'entries'",
  "another mode": "UPDATE list_row SET items = replace(items, '\"mode\":420', '\"mode\":511') WHERE name = 'entries'",
  "rows that are gone": "DELETE FROM list_row WHERE name = 'entries'",
  "a row twice": "INSERT INTO list_row SELECT key, name, number + 1, items FROM list_row WHERE name = 'entries'",
  "fewer entries": "UPDATE change_set SET entries = 0",
  "no JSON": "UPDATE list_row SET items = substr(items, 2) WHERE name = 'entries'",
  "another list": "UPDATE change_set SET lists = 'none'",
  "another directory": "UPDATE change_set SET roots = replace(roots, '/host', '/elsewhere')",
  "another command": "UPDATE change_set SET command = 'true'",
  "another agent": "UPDATE change_set SET agent = 'another'",
  "a choice of what is not there": "UPDATE change_set SET chosen = '[[0,7]]'",
};

test("a change set changed behind our back is not applied", async (t) => {
  const { DatabaseSync } = await import("node:sqlite");
  for (const [what, statement] of Object.entries(DAMAGE)) {
    const { workspace, ...world } = await makeWorld(t);
    const { id } = await workspace.propose(proposalOf(world, write("a")));
    await approveAll(workspace, id);
    const database = new DatabaseSync(join(world.place, "state", "workspace.sqlite"));
    assert.ok(database.prepare(statement).run().changes > 0, what);
    database.close();
    await assert.rejects(workspace.sync(id), { code: "change-set-damaged" }, what);
    assert.deepEqual(fs.readdirSync(world.host), [], what);
  }
});

test("the state is readable by its owner only", async (t) => {
  const { workspace, ...world } = await makeWorld(t);
  await workspace.propose(proposalOf(world, write("a", "secret")));
  const state = join(world.place, "state");
  assert.equal(fs.statSync(state).mode & 0o777, 0o700);
  const blobs = fs.readdirSync(join(state, "contents"), { recursive: true, encoding: "utf8" });
  const files = blobs.map((name) => fs.statSync(join(state, "contents", name))).filter((status) => status.isFile());
  assert.deepEqual(
    files.map(({ mode }) => mode & 0o777),
    [0o600],
  );
});
