import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeTree } from "../testing/tree.ts";
import { approveAll, carryOut, makeWorld, proposalOf } from "../testing/world.ts";

interface Case {
  readonly name: string;
  readonly change: (guest: string) => void;
  /** What happens on the host between approval and sync. */
  readonly meanwhile: (host: string) => void;
  readonly expected: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a file edited meanwhile",
    change: (d) => fs.writeFileSync(join(d, "file"), "run"),
    meanwhile: (d) => fs.writeFileSync(join(d, "file"), "user"),
    expected: ["/project/file content-changed"],
  },
  {
    name: "a file deleted meanwhile",
    change: (d) => fs.writeFileSync(join(d, "file"), "run"),
    meanwhile: (d) => fs.rmSync(join(d, "file")),
    expected: ["/project/file missing"],
  },
  {
    name: "permissions changed meanwhile",
    change: (d) => fs.chmodSync(join(d, "file"), 0o755),
    meanwhile: (d) => fs.chmodSync(join(d, "file"), 0o600),
    expected: ["/project/file mode-changed"],
  },
  {
    name: "a file replaced by a directory meanwhile",
    change: (d) => fs.writeFileSync(join(d, "file"), "run"),
    meanwhile: (d) => {
      fs.rmSync(join(d, "file"));
      fs.mkdirSync(join(d, "file"));
    },
    expected: ["/project/file type-changed"],
  },
  {
    name: "a name taken meanwhile",
    change: (d) => fs.writeFileSync(join(d, "new"), "run"),
    meanwhile: (d) => fs.symlinkSync("file", join(d, "new")),
    expected: ["/project/new already-exists"],
  },
  {
    name: "a directory made meanwhile",
    change: (d) => fs.mkdirSync(join(d, "new")),
    meanwhile: (d) => fs.mkdirSync(join(d, "new")),
    expected: ["/project/new already-exists"],
  },
  {
    name: "something put into a directory that is to go",
    change: (d) => fs.rmSync(join(d, "directory"), { recursive: true }),
    meanwhile: (d) => fs.writeFileSync(join(d, "directory", "precious"), "user"),
    expected: ["/project/directory/precious directory-not-empty"],
  },
  {
    name: "a link led elsewhere meanwhile",
    change: (d) => {
      fs.rmSync(join(d, "link"));
      fs.symlinkSync("directory", join(d, "link"));
    },
    meanwhile: (d) => {
      fs.rmSync(join(d, "link"));
      fs.symlinkSync("/", join(d, "link"));
    },
    expected: ["/project/link link-target-changed"],
  },
  {
    name: "a directory gone that was to get a file",
    change: (d) => fs.writeFileSync(join(d, "directory", "new"), "run"),
    meanwhile: (d) => fs.rmSync(join(d, "directory"), { recursive: true }),
    expected: ["/project/directory/new parent-missing"],
  },
  {
    name: "one of many changed, and the others are not touched",
    change: (d) => {
      for (const name of ["file", "a", "b"]) fs.writeFileSync(join(d, name), "run");
      fs.rmSync(join(d, "directory"), { recursive: true });
    },
    meanwhile: (d) => fs.writeFileSync(join(d, "directory", "inner"), "user"),
    expected: ["/project/directory/inner content-changed"],
  },
];

for (const { name, change, meanwhile, expected } of CASES) {
  test(`conflict: ${name}`, async (t) => {
    const world = await makeWorld(t);
    fs.writeFileSync(join(world.host, "file"), "old");
    fs.symlinkSync("file", join(world.host, "link"));
    fs.mkdirSync(join(world.host, "directory"));
    fs.writeFileSync(join(world.host, "directory", "inner"), "old");
    const { id } = await world.workspace.propose(proposalOf(world, change));
    await approveAll(world.workspace, id);
    meanwhile(world.host);
    const before = describeTree(world.host);
    const result = await world.workspace.sync(id);
    assert.equal(result.status, "conflict");
    const found = result.status === "conflict" ? result.conflicts.map(({ path, reason }) => `${path} ${reason}`) : [];
    assert.deepEqual(found, expected);
    assert.deepEqual(describeTree(world.host), before, "nothing is touched");
    const set = await world.workspace.get(id);
    assert.equal(set?.state, "conflict");
    assert.equal(set?.conflicts.length, expected.length);
    assert.deepEqual(await world.workspace.sync(id), { status: "not-approved", state: "conflict" });
  });
}

test("of two agents that change one file, the second gets a conflict", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "file"), "old");
  const ids: string[] = [];
  for (const agent of ["one", "two"]) {
    const proposal = proposalOf(world, (d) => fs.writeFileSync(join(d, "file"), agent), { agent });
    const { id } = await world.workspace.propose(proposal);
    await approveAll(world.workspace, id);
    ids.push(id);
  }
  const results = await Promise.all(ids.map((id) => world.workspace.sync(id)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ["applied", "conflict"],
  );
  assert.equal(fs.readFileSync(join(world.host, "file"), "utf8"), "one");
});

test("undo after an edit is refused, and says which file", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "file"), "old");
  const id = await carryOut(world, (d) => {
    fs.writeFileSync(join(d, "file"), "run");
    fs.mkdirSync(join(d, "new"));
  });
  fs.writeFileSync(join(world.host, "file"), "user");
  fs.writeFileSync(join(world.host, "new", "precious"), "user");
  const before = describeTree(world.host);
  const result = await world.workspace.undo(id);
  assert.equal(result.status, "conflict");
  const conflicts = result.status === "conflict" ? result.conflicts : [];
  assert.deepEqual(conflicts.map(({ path }) => path).sort(), ["/project/file", "/project/new/precious"]);
  assert.deepEqual(describeTree(world.host), before);
  fs.writeFileSync(join(world.host, "file"), "run");
  fs.rmSync(join(world.host, "new", "precious"));
  assert.equal((await world.workspace.undo(id)).status, "undone", "it can be tried again");
  assert.deepEqual(await world.workspace.undo(id), { status: "not-applied", state: "undone" });
});

test("devices, pipes and sockets are refused, not dropped", async (t) => {
  const world = await makeWorld(t);
  const proposal = proposalOf(world, (d) => {
    execFileSync("mkfifo", [join(d, "pipe")]);
    fs.writeFileSync(join(d, "file"), "x");
  });
  const { id, entries } = await world.workspace.propose(proposal);
  assert.deepEqual(
    entries.map(({ blocked }) => blocked),
    [undefined, "unsupported-type"],
  );
  await approveAll(world.workspace, id);
  const result = await world.workspace.sync(id);
  assert.deepEqual(result, { status: "conflict", conflicts: [{ path: "/project/pipe", reason: "unsupported-type" }] });
  assert.deepEqual(fs.readdirSync(world.host), []);
});

test("what changed on the host during the run, or before the proposal, is refused", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "file"), "old");
  const proposal = proposalOf(world, (d) => fs.writeFileSync(join(d, "file"), "run"));
  const changes = proposal.changes.map((change) => ({ ...change, baseChangedDuringRun: true as const }));
  fs.writeFileSync(join(world.host, "file"), "user");
  const before = await world.workspace.propose(proposal);
  assert.equal((await world.workspace.diff(before.id, "/project/file")).kind, "base-changed");
  fs.writeFileSync(join(world.host, "file"), "old");
  const during = await world.workspace.propose({ ...proposal, changes });
  for (const { id } of [during, before]) await approveAll(world.workspace, id);
  const results = [await world.workspace.sync(during.id), await world.workspace.sync(before.id)];
  const reasons = results.map((result) => (result.status === "conflict" ? result.conflicts[0]?.reason : result.status));
  assert.deepEqual(reasons, ["base-changed-during-run", "content-changed"]);
});

test("a failing disk operation leaves everything as it was, and the sync may be tried again", async (t) => {
  const world = await makeWorld(t);
  fs.mkdirSync(join(world.host, "a"));
  fs.mkdirSync(join(world.host, "z"));
  const { id } = await world.workspace.propose(
    proposalOf(world, (d) => {
      fs.writeFileSync(join(d, "a", "1"), "x");
      fs.writeFileSync(join(d, "z", "2"), "x");
    }),
  );
  await approveAll(world.workspace, id);
  const before = describeTree(world.host);
  // A mount of another file system would do; the immutable attribute needs no privileges but root's.
  const locked = spawnChattr("+i", join(world.host, "z"));
  if (!locked) return t.skip("chattr +i is not possible here");
  const result = await world.workspace.sync(id);
  spawnChattr("-i", join(world.host, "z"));
  assert.equal(result.status, "failed", JSON.stringify(result));
  assert.deepEqual(describeTree(world.host), before);
  assert.equal(world.workspace.find(id)?.state, "approved");
  assert.equal((await world.workspace.sync(id)).status, "applied");
});

function spawnChattr(flag: string, path: string): boolean {
  try {
    execFileSync("chattr", [flag, path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
