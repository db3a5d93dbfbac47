import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { describeTree } from "../testing/tree.ts";
import { carryOut, makeWorld, type World } from "../testing/world.ts";

async function changed(world: World): Promise<string> {
  for (const name of ["a", "b", "gone"]) fs.writeFileSync(join(world.host, name), `old ${name}`);
  return await carryOut(world, (d) => {
    for (const name of ["a", "b"]) fs.writeFileSync(join(d, name), `new ${name}`);
    fs.rmSync(join(d, "gone"));
    fs.mkdirSync(join(d, "made"));
    fs.writeFileSync(join(d, "made", "inner"), "new inner");
  });
}

type Step = readonly [
  reversal: "undo" | "redo",
  files: readonly string[] | undefined,
  expected: string,
  state: "applied" | "undone",
  /** Names on the host, with their contents. */
  found: string,
];

const NEW = "a=new a, b=new b, made/inner=new inner";
const OLD = "a=old a, b=old b, gone=old gone";

const CASES: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: "all of it, again and again",
    steps: [
      ["undo", undefined, "undone", "undone", OLD],
      ["redo", undefined, "redone", "applied", NEW],
      ["undo", undefined, "undone", "undone", OLD],
    ],
  },
  {
    name: "file by file",
    steps: [
      ["undo", ["a"], "undone", "applied", "a=old a, b=new b, made/inner=new inner"],
      ["undo", ["gone"], "undone", "applied", "a=old a, b=new b, gone=old gone, made/inner=new inner"],
      ["redo", ["a"], "redone", "applied", "a=new a, b=new b, gone=old gone, made/inner=new inner"],
      ["undo", undefined, "undone", "undone", OLD],
      ["redo", ["b"], "redone", "applied", "a=old a, b=new b, gone=old gone"],
      ["redo", undefined, "redone", "applied", NEW],
    ],
  },
  {
    name: "what cannot be chosen is refused",
    steps: [
      ["redo", undefined, "nothing-chosen", "applied", NEW],
      ["redo", ["a"], "unknown-files", "applied", NEW],
      ["undo", ["c"], "unknown-files", "applied", NEW],
      ["undo", [], "nothing-chosen", "applied", NEW],
      ["undo", ["made"], "incomplete-selection", "applied", NEW],
      ["undo", ["made", "made/inner"], "undone", "applied", "a=new a, b=new b"],
      ["undo", ["made"], "unknown-files", "applied", "a=new a, b=new b"],
      ["redo", ["made/inner"], "incomplete-selection", "applied", "a=new a, b=new b"],
      ["redo", ["made", "made/inner"], "redone", "applied", NEW],
    ],
  },
];

function contents(host: string): string {
  const names = fs.readdirSync(host, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => fs.statSync(join(host, name)).isFile());
  return files.map((name) => `${name}=${fs.readFileSync(join(host, name), "utf8")}`).join(", ");
}

for (const { name, steps } of CASES) {
  test(`undo and redo: ${name}`, async (t) => {
    const world = await makeWorld(t);
    const id = await changed(world);
    for (const [reversal, files, expected, state, found] of steps) {
      const what = `${reversal} ${files?.join() ?? "all"}`;
      const paths = files?.map((file) => `/project/${file}`);
      assert.equal((await world.workspace[reversal](id, paths)).status, expected, what);
      assert.equal(world.workspace.find(id)?.state, state, what);
      assert.equal(contents(world.host), found, what);
    }
  });
}

test("an edit is in the way of its own file only", async (t) => {
  const world = await makeWorld(t);
  const id = await changed(world);
  fs.writeFileSync(join(world.host, "a"), "a person's");
  assert.equal((await world.workspace.undo(id)).status, "conflict");
  assert.equal((await world.workspace.undo(id, ["/project/b", "/project/gone"])).status, "undone");
  assert.equal(contents(world.host), "a=a person's, b=old b, gone=old gone, made/inner=new inner");
  fs.writeFileSync(join(world.host, "b"), "a person's");
  const redone = await world.workspace.redo(id, ["/project/b"]);
  assert.deepEqual(redone, { status: "conflict", conflicts: [{ path: "/project/b", reason: "content-changed" }] });
  assert.equal((await world.workspace.redo(id, ["/project/gone"])).status, "redone");
  assert.equal(contents(world.host), "a=a person's, b=a person's, made/inner=new inner");
});

test("what is undone of a set outlives the process", async (t) => {
  const world = await makeWorld(t);
  const id = await changed(world);
  await world.workspace.undo(id, ["/project/a"]);
  const before = describeTree(world.host);
  const again = await Workspace.open({ directory: join(world.place, "state") });
  t.after(() => again.close());
  assert.deepEqual((await again.get(id))?.undone, ["/project/a"]);
  assert.equal((await again.redo(id)).status, "redone");
  assert.equal((await again.undo(id, ["/project/a"])).status, "undone");
  assert.deepEqual(describeTree(world.host), before);
});
