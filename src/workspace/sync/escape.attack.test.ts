import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ProposedChange } from "../index.ts";
import { describeTree } from "../testing/tree.ts";
import { approveAll, makeWorld, proposalOf, type World } from "../testing/world.ts";

/** A place beside the root that nothing may change. */
function makeOutside(world: World): string {
  const outside = join(world.place, "outside");
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, "file"), "precious");
  return outside;
}

test("a directory swapped for a link after approval leads nowhere", async (t) => {
  const world = await makeWorld(t);
  const outside = makeOutside(world);
  const inner = join(world.host, "a", "b");
  fs.mkdirSync(inner, { recursive: true });
  fs.writeFileSync(join(inner, "file"), "precious");
  const changes: ((d: string) => void)[] = [
    (d) => fs.writeFileSync(join(d, "a", "b", "file"), "run"),
    (d) => fs.rmSync(join(d, "a", "b", "file")),
    (d) => fs.chmodSync(join(d, "a", "b", "file"), 0o777),
    (d) => fs.writeFileSync(join(d, "a", "b", "new"), "run"),
    (d) => fs.chmodSync(join(d, "a", "b"), 0o777),
    (d) => fs.rmSync(join(d, "a"), { recursive: true }),
  ];
  const ids: string[] = [];
  for (const change of changes) {
    const { id } = await world.workspace.propose(proposalOf(world, change));
    await approveAll(world.workspace, id);
    ids.push(id);
  }
  fs.rmSync(inner, { recursive: true });
  fs.symlinkSync(outside, inner);
  const before = describeTree(outside);
  for (const id of ids) assert.equal((await world.workspace.sync(id)).status, "conflict");
  assert.deepEqual(describeTree(outside), before);
});

test("a directory that becomes a link and back, many times during the sync, never lets anything out", async (t) => {
  const world = await makeWorld(t);
  const outside = makeOutside(world);
  fs.mkdirSync(join(world.host, "d"));
  for (let i = 0; i < 40; i++) fs.writeFileSync(join(world.host, "d", `old${i}`), "old");
  const before = describeTree(outside);
  const swapper = new Worker(
    `const fs = require("node:fs");
     const [d, aside, outside] = require("node:worker_threads").workerData;
     for (;;) {
       try {
         fs.renameSync(d, aside); fs.symlinkSync(outside, d);
         fs.unlinkSync(d); fs.renameSync(aside, d);
       } catch {}
     }`,
    { eval: true, workerData: [join(world.host, "d"), join(world.place, "aside"), outside] },
  );
  try {
    const outcomes = new Set<string>();
    for (let round = 0; round < 15; round++) {
      const roots = [{ hostRoot: world.host, guestRoot: "/project" }];
      const changes = changesOf(40);
      const { id } = await world.workspace.propose({ runId: "r", agent: "a", tool: "t", command: "c", roots, changes });
      await approveAll(world.workspace, id);
      const result = await world.workspace.sync(id);
      outcomes.add(result.status);
      assert.deepEqual(describeTree(outside), before, `after ${JSON.stringify(result)}`);
      if (result.status === "applied") await world.workspace.undo(id);
      assert.deepEqual(describeTree(outside), before);
    }
    assert.ok(outcomes.has("conflict") || outcomes.has("failed"), [...outcomes].join());
  } finally {
    await swapper.terminate();
  }
});

function changesOf(count: number): ProposedChange[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `/project/d/new${i}`,
    kind: "add",
    fileType: "file",
    mode: 0o644,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    content: Buffer.from("run"),
  }));
}

test("paths that leave the root, or are none, are refused at the door", async (t) => {
  const world = await makeWorld(t);
  const roots = [{ hostRoot: world.host, guestRoot: "/project" }];
  const bad = [
    "/project/../x",
    "/project/./x",
    "/project//x",
    "/project/x/",
    "/projectx/y",
    "/etc/passwd",
    "relative",
    "/project/a\0b",
    "/project",
  ];
  for (const path of bad) {
    const change = { path, kind: "add" as const, fileType: "file" as const, content: Buffer.from("x") };
    const proposal = { runId: "r", agent: "a", tool: "t", command: "c", roots, changes: [change] };
    await assert.rejects(world.workspace.propose(proposal), { name: "ZtlError" }, path);
    const pathBytes = Buffer.from(path);
    const hidden = { ...proposal, changes: [{ ...change, path: "/project/fine", pathBytes }] };
    await assert.rejects(world.workspace.propose(hidden), { name: "ZtlError" }, `as bytes: ${path}`);
  }
});

test("the staging directory's own name is nobody's to use", async (t) => {
  const world = await makeWorld(t);
  const { id, entries } = await world.workspace.propose(
    proposalOf(world, (d) => {
      fs.mkdirSync(join(d, ".ztl-sync-x", "new"), { recursive: true });
    }),
  );
  assert.ok(entries.every(({ blocked }) => blocked === "reserved-name"));
  await approveAll(world.workspace, id);
  assert.equal((await world.workspace.sync(id)).status, "conflict");
  assert.deepEqual(fs.readdirSync(world.host), []);
});

test("a link's target whose bytes are lost is not guessed", async (t) => {
  const world = await makeWorld(t);
  const proposal = proposalOf(world, (d) => fs.symlinkSync(Buffer.from("a\xff", "latin1"), join(d, "link")));
  const changes = proposal.changes.map(({ symlinkTargetBytes: _, ...change }) => change);
  const { id } = await world.workspace.propose({ ...proposal, changes });
  await approveAll(world.workspace, id);
  const result = await world.workspace.sync(id);
  assert.deepEqual(result, { status: "conflict", conflicts: [{ path: "/project/link", reason: "inexact-name" }] });
});

test("a root swapped for a link after approval is not entered", async (t) => {
  const world = await makeWorld(t);
  const outside = makeOutside(world);
  const { id } = await world.workspace.propose(proposalOf(world, (d) => fs.writeFileSync(join(d, "new"), "run")));
  await approveAll(world.workspace, id);
  fs.rmSync(world.host, { recursive: true });
  fs.symlinkSync(outside, world.host);
  const result = await world.workspace.sync(id);
  assert.equal(result.status === "failed" && result.error.code, "root-missing");
  assert.deepEqual(fs.readdirSync(outside), ["file"]);
});
