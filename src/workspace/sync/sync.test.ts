import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { describeTree } from "../testing/tree.ts";
import { approveAll, carryOut, makeWorld, proposalOf } from "../testing/world.ts";

interface Case {
  readonly name: string;
  readonly before?: (host: string) => void;
  readonly change: (guest: string) => void;
}

const bytes = (directory: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, "latin1")]);

const CASES: readonly Case[] = [
  { name: "a new file", change: (d) => fs.writeFileSync(join(d, "new.txt"), "hello\n") },
  {
    name: "modify, delete, chmod",
    before: (d) => {
      fs.writeFileSync(join(d, "a"), "a");
      fs.writeFileSync(join(d, "b"), "b");
      fs.writeFileSync(join(d, "c"), "c");
    },
    change: (d) => {
      fs.writeFileSync(join(d, "a"), "changed");
      fs.rmSync(join(d, "b"));
      fs.chmodSync(join(d, "c"), 0o755);
    },
  },
  {
    name: "names with newlines, leading dashes, spaces, controls and bytes that are not UTF-8",
    before: (d) => {
      fs.writeFileSync(bytes(d, "old\nname"), "1");
      fs.writeFileSync(bytes(d, "gone\xff"), "2");
    },
    change: (d) => {
      fs.writeFileSync(bytes(d, "old\nname"), "3");
      fs.rmSync(bytes(d, "gone\xff"));
      for (const name of ["-rf", "--help", " ", "a\tb\x1b[31m", "\xff\xfe", "..x", "\\xff", "ü".normalize("NFD")]) {
        fs.writeFileSync(bytes(d, name), name);
      }
      fs.mkdirSync(bytes(d, "dir\xe9"));
      fs.writeFileSync(bytes(d, "dir\xe9/in\xe9"), "4");
      fs.symlinkSync(Buffer.from("tar\xffget", "latin1"), bytes(d, "link"));
    },
  },
  {
    name: "a directory over a file",
    before: (d) => fs.writeFileSync(join(d, "x"), "file"),
    change: (d) => {
      fs.rmSync(join(d, "x"));
      fs.mkdirSync(join(d, "x", "y"), { recursive: true });
      fs.writeFileSync(join(d, "x", "y", "z"), "deep");
    },
  },
  {
    name: "a file and a link over directories",
    before: (d) => {
      fs.mkdirSync(join(d, "x", "y"), { recursive: true });
      fs.writeFileSync(join(d, "x", "y", "z"), "deep");
      fs.mkdirSync(join(d, "w"));
    },
    change: (d) => {
      fs.rmSync(join(d, "x"), { recursive: true });
      fs.writeFileSync(join(d, "x"), "file");
      fs.rmSync(join(d, "w"), { recursive: true });
      fs.symlinkSync("x", join(d, "w"));
    },
  },
  {
    name: "links: new, changed, dangling, out of the tree, over a file, a file over a link",
    before: (d) => {
      fs.symlinkSync("a", join(d, "changed"));
      fs.symlinkSync("b", join(d, "to-file"));
      fs.writeFileSync(join(d, "to-link"), "x");
    },
    change: (d) => {
      fs.rmSync(join(d, "changed"));
      fs.symlinkSync("/etc/passwd", join(d, "changed"));
      fs.rmSync(join(d, "to-file"));
      fs.writeFileSync(join(d, "to-file"), "now a file");
      fs.rmSync(join(d, "to-link"));
      fs.symlinkSync("../../outside", join(d, "to-link"));
      fs.symlinkSync("nowhere", join(d, "dangling"));
    },
  },
  {
    name: "hard links: new ones among themselves",
    change: (d) => {
      fs.writeFileSync(join(d, "one"), "1");
      fs.linkSync(join(d, "one"), join(d, "two"));
      fs.mkdirSync(join(d, "sub"));
      fs.linkSync(join(d, "one"), join(d, "sub", "three"));
    },
  },
  {
    name: "permissions: set-id bits, unreadable, sticky, read-only directories with new files",
    before: (d) => {
      fs.mkdirSync(join(d, "locked"), { mode: 0o555 });
      fs.writeFileSync(join(d, "plain"), "x");
    },
    change: (d) => {
      fs.writeFileSync(join(d, "setuid"), "#!");
      fs.chmodSync(join(d, "setuid"), 0o6755);
      fs.chmodSync(join(d, "plain"), 0o4755);
      fs.writeFileSync(join(d, "secret"), "x", { mode: 0 });
      fs.mkdirSync(join(d, "sticky"));
      fs.chmodSync(join(d, "sticky"), 0o1777);
      fs.mkdirSync(join(d, "readonly"));
      fs.writeFileSync(join(d, "readonly", "file"), "x");
      fs.chmodSync(join(d, "readonly"), 0o555);
      fs.chmodSync(join(d, "locked"), 0o755);
      fs.writeFileSync(join(d, "locked", "new"), "x");
      fs.chmodSync(d, 0o700);
    },
  },
  {
    name: "empty directories come and go",
    before: (d) => fs.mkdirSync(join(d, "gone", "gone too"), { recursive: true }),
    change: (d) => {
      fs.rmSync(join(d, "gone"), { recursive: true });
      fs.mkdirSync(join(d, "came", "came too"), { recursive: true });
    },
  },
  {
    name: "a deep tree",
    before: (d) => fs.mkdirSync(join(d, ...Array(100).fill("a")), { recursive: true }),
    change: (d) => {
      fs.rmSync(join(d, "a"), { recursive: true });
      fs.mkdirSync(join(d, ...Array(120).fill("b")), { recursive: true });
      fs.writeFileSync(join(d, ...Array(120).fill("b"), "leaf"), "x");
    },
  },
  {
    name: "names that differ in case only",
    before: (d) => fs.writeFileSync(join(d, "README"), "1"),
    change: (d) => {
      fs.writeFileSync(join(d, "readme"), "2");
      fs.writeFileSync(join(d, "ReadMe"), "3");
    },
  },
  {
    name: "a moved directory",
    before: (d) => {
      fs.mkdirSync(join(d, "from", "sub"), { recursive: true });
      fs.writeFileSync(join(d, "from", "sub", "file"), "x");
    },
    change: (d) => fs.renameSync(join(d, "from"), join(d, "to")),
  },
];

for (const { name, before, change } of CASES) {
  test(`sync and undo: ${name}`, async (t: TestContext) => {
    const world = await makeWorld(t);
    before?.(world.host);
    const old = describeTree(world.host);
    const id = await carryOut(world, change);
    assert.deepEqual(describeTree(world.host), describeTree(world.guest));
    assert.notDeepEqual(describeTree(world.host), old);
    const undone = await world.workspace.undo(id);
    assert.equal(undone.status, "undone", JSON.stringify(undone));
    assert.deepEqual(describeTree(world.host), old);
    assert.equal(world.workspace.find(id)?.state, "undone");
  });
}

test("a file changed under all its names stays one file, also after undo", async (t) => {
  const world = await makeWorld(t);
  const [a, b] = [join(world.host, "a"), join(world.host, "b")];
  fs.writeFileSync(a, "old");
  fs.linkSync(a, b);
  const old = describeTree(world.host);
  const id = await carryOut(world, (d) => {
    fs.writeFileSync(join(d, "a"), "new");
    fs.rmSync(join(d, "b"));
    fs.linkSync(join(d, "a"), join(d, "b"));
  });
  assert.deepEqual(describeTree(world.host), describeTree(world.guest));
  assert.equal((await world.workspace.undo(id)).status, "undone");
  assert.deepEqual(describeTree(world.host), old);
});

test("when one name of a file goes, undo makes it a name of the other again", async (t) => {
  for (const keep of [() => undefined, (d: string) => fs.chmodSync(join(d, "sub", "b"), 0o600)]) {
    const world = await makeWorld(t);
    fs.mkdirSync(join(world.host, "sub"));
    fs.writeFileSync(join(world.host, "a"), "x");
    fs.linkSync(join(world.host, "a"), join(world.host, "sub", "b"));
    fs.linkSync(join(world.host, "a"), join(world.host, "c"));
    const old = describeTree(world.host);
    const id = await carryOut(world, (d) => {
      fs.rmSync(join(d, "a"));
      fs.rmSync(join(d, "c"));
      fs.writeFileSync(join(d, "c"), "a file of its own");
      keep(d);
    });
    assert.deepEqual(describeTree(world.host), describeTree(world.guest));
    assert.equal((await world.workspace.undo(id)).status, "undone");
    assert.deepEqual(describeTree(world.host), old);
  }
});

test("a new name of an unchanged host file is a link to it", async (t) => {
  const world = await makeWorld(t);
  fs.writeFileSync(join(world.host, "a"), "x");
  const proposal = proposalOf(world, (d) => fs.writeFileSync(join(d, "b"), "x"));
  const changes = proposal.changes.map((change) => ({ ...change, linkOf: "/project/a" }));
  const set = await world.workspace.propose({ ...proposal, changes });
  assert.equal(set.entries[0]?.kind, "hard-link");
  await approveAll(world.workspace, set.id);
  assert.equal((await world.workspace.sync(set.id)).status, "applied");
  assert.equal(fs.lstatSync(join(world.host, "a")).ino, fs.lstatSync(join(world.host, "b")).ino);
  assert.equal((await world.workspace.undo(set.id)).status, "undone");
  assert.deepEqual(fs.readdirSync(world.host), ["a"]);
});

test("a set over several directories is applied to all of them or none", async (t) => {
  const world = await makeWorld(t);
  const second = join(world.place, "second");
  fs.mkdirSync(second);
  const roots = [
    { hostRoot: world.host, guestRoot: "/project" },
    { hostRoot: second, guestRoot: "/project/second" },
  ];
  const add = (path: string) => ({
    path,
    kind: "add" as const,
    fileType: "file" as const,
    mode: 0o600,
    content: Buffer.from("x"),
  });
  const proposal = {
    runId: "r",
    agent: "a",
    tool: "t",
    command: "c",
    roots,
    changes: [add("/project/x"), add("/project/second/y")],
  };
  const [good, bad] = [await world.workspace.propose(proposal), await world.workspace.propose(proposal)];
  for (const { id } of [good, bad]) await approveAll(world.workspace, id);
  assert.equal((await world.workspace.sync(good.id)).status, "applied");
  assert.deepEqual([fs.readdirSync(world.host), fs.readdirSync(second)], [["x"], ["y"]]);
  assert.equal((await world.workspace.undo(good.id)).status, "undone");
  fs.writeFileSync(join(second, "y"), "user");
  const result = await world.workspace.sync(bad.id);
  assert.deepEqual(result, {
    status: "conflict",
    conflicts: [{ path: "/project/second/y", reason: "already-exists" }],
  });
  assert.deepEqual(fs.readdirSync(world.host), []);
});
