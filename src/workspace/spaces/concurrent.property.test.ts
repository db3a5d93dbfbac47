import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type CommitResult, type SpaceView, Workspace } from "../index.ts";
import { changesBetween, GUEST_ROOT } from "../testing/changes-between.ts";
import { makeWorld } from "../testing/world.ts";

/** Interleavings that are tried; ZTL_RUNS=3000 for a long run. */
const RUNS = Number(process.env.ZTL_RUNS ?? 300);
const NAMES = ["a", "b", "c"] as const;
const BASE = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** What one call does to one file: puts a line of its own there, makes it or removes it. */
const action = fc.record({
  name: fc.constantFrom(...NAMES),
  do: fc.constantFrom("insert", "insert", "insert", "write", "remove"),
  at: fc.nat(BASE.length),
});
/** A call sees the workspace when it begins, and lays its changes down when it ends; which of two processes runs it. */
const call = fc.record({
  actions: fc.array(action, { minLength: 1, maxLength: 3 }),
  begins: fc.nat(9),
  lasts: fc.nat(9),
  process: fc.nat(1),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;
type Tree = Map<string, string>;

function perform(tree: Tree, { name, do: kind, at }: Call["actions"][number], line: string): void {
  const text = tree.get(name);
  if (kind === "remove") tree.delete(name);
  else if (kind === "write" || text === undefined) tree.set(name, `${line}\n`);
  else {
    const lines = text.split("\n").slice(0, -1);
    tree.set(name, `${[...lines.slice(0, at), line, ...lines.slice(at)].join("\n")}\n`);
  }
}

test("of what calls change at once, in two processes, nothing is lost, invented or left untold", async (t) => {
  const world = await makeWorld(t);
  const other = await Workspace.open({ directory: join(world.place, "state") });
  t.after(() => other.close());
  const processes = [world.workspace, other] as const;
  const text = `${BASE.join("\n")}\n`;
  for (const name of ["a", "b"]) fs.writeFileSync(join(world.host, name), text);
  let owners = 0;

  async function treeOf({ entries }: SpaceView, workspace: Workspace): Promise<Tree> {
    const tree: Tree = new Map([
      ["a", text],
      ["b", text],
    ]);
    for (const [path, { after }] of entries) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (after.type !== "file") tree.delete(name);
      else tree.set(name, Buffer.from((await workspace.spaces.keptContent(after.sha256)) ?? []).toString());
    }
    return tree;
  }

  /** In the place of a sandbox: two real trees, compared. */
  async function commit(workspace: Workspace, view: SpaceView, left: Tree, runId: string): Promise<CommitResult> {
    const [before, after] = ["before", "after"].map((name) => join(world.place, `${runId}-${name}`)) as [
      string,
      string,
    ];
    for (const [directory, tree] of [
      [before, await treeOf(view, workspace)],
      [after, left],
    ] as const) {
      fs.mkdirSync(directory);
      for (const [name, content] of tree) fs.writeFileSync(join(directory, name), content);
    }
    const changes = changesBetween(before, after);
    for (const directory of [before, after]) fs.rmSync(directory, { recursive: true });
    const roots = [{ hostRoot: world.host, guestRoot: GUEST_ROOT }];
    const by = { runId, agent: "agent", tool: "shell", command: "…" };
    return await workspace.spaces.commit(view, { ...by, roots, changes, labels: [] });
  }

  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 5 }), async (calls) => {
      const owner = `owner-${owners++}`;
      /** Lines that a call put where no call that ended later took the whole file away, and was told of nothing. */
      const kept = new Map<string, Set<string>>(NAMES.map((name) => [name, new Set()]));
      const all = new Set(BASE);
      const begun = new Map<number, { view: SpaceView; saw: Tree; left: Tree; runId: string }>();
      const events = calls
        .flatMap(({ begins, lasts }, index) => [
          { index, at: begins, ends: false },
          { index, at: begins + lasts + 0.5, ends: true },
        ])
        .sort((a, b) => a.at - b.at);
      for (const { index, ends } of events) {
        const { actions, process } = calls[index] as Call;
        const workspace = processes[process] as Workspace;
        if (!ends) {
          const view = await workspace.spaces.view(owner, "agent");
          const saw = await treeOf(view, workspace);
          const left = new Map(saw);
          for (const [number, one] of actions.entries()) {
            const line = `${owner}.${index}.${number}`;
            all.add(line);
            perform(left, one, line);
          }
          begun.set(index, { view, saw, left, runId: `${owner}-${index}` });
          continue;
        }
        const { view, saw, left, runId } = begun.get(index) ?? assert.fail();
        const result = await commit(workspace, view, left, runId);
        const refused = new Map(result.conflicts.map((one) => [one.path, one.refusedSha256]));
        for (const name of NAMES) {
          const mine = linesOf(left.get(name)).filter((line) => !linesOf(saw.get(name)).includes(line));
          const path = `${GUEST_ROOT}/${name}`;
          if (!refused.has(path)) {
            // What it saw and took away is gone on purpose.
            for (const line of linesOf(saw.get(name)))
              if (!linesOf(left.get(name)).includes(line)) kept.get(name)?.delete(line);
            for (const line of mine) kept.get(name)?.add(line);
          } else if (left.has(name)) {
            const content = await workspace.spaces.keptContent(refused.get(path) ?? "");
            assert.equal(Buffer.from(content ?? []).toString(), left.get(name), "what was refused is kept");
          }
        }
      }
      const ends = await Promise.all(
        processes.map(async (workspace) => treeOf(await workspace.spaces.view(owner, "agent"), workspace)),
      );
      assert.deepEqual(ends[0], ends[1], "both processes see the same");
      for (const name of NAMES) {
        const found = linesOf(ends[0]?.get(name));
        for (const line of kept.get(name) ?? []) assert.ok(found.includes(line), `${line} of ${name} is lost`);
        for (const line of found) assert.ok(all.has(line), `${line} is invented`);
        assert.equal(new Set(found).size, found.length, "no line is there twice");
      }
    }),
    { numRuns: RUNS },
  );
});

function linesOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split("\n").slice(0, -1);
}
