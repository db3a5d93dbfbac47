import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ByteString, parentOf, toByteString } from "../../base/byte-string.ts";
import { sha256Hex } from "../../base/sha256.ts";
import { ABSENT, type NodeState } from "../changes/node-state.ts";
import { mergeDelta } from "./merge.ts";
import type { SpaceEntries } from "./space-entries.ts";
import { type DeltaEdit, isSameState, type SpaceEntry } from "./space-entry.ts";
import { mergeTexts } from "./text-merge.ts";

/** Interleavings that are tried; ZTL_RUNS=3000 for a long run. */
const RUNS = Number(process.env.ZTL_RUNS ?? 300);

/** A tree as plain as can be: directories, and texts. The root is not in it. */
type Tree = Map<ByteString, string | "directory">;
const DIRECTORY = "directory";

const contents = new Map<string, Buffer>();

function stateOf(tree: Tree, path: ByteString): NodeState {
  const found = tree.get(path);
  const owner = { uid: 0, gid: 0 };
  if (found === undefined) return ABSENT;
  if (found === DIRECTORY) return { type: "directory", mode: 0o755, ...owner };
  const bytes = Buffer.from(found);
  const sha256 = sha256Hex(bytes);
  contents.set(sha256, bytes);
  return { type: "file", mode: 0o644, sha256, sizeBytes: bytes.length, ...owner };
}

function textOf(state: NodeState): string | undefined {
  return state.type === "file" ? contents.get(state.sha256)?.toString() : state.type;
}

interface Action {
  readonly do: "write" | "append" | "prepend" | "mkdir" | "remove" | "move";
  readonly path: ByteString;
  readonly to: ByteString;
}

const path = fc
  .array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 })
  .map((names) => toByteString(`/r/${names.join("/")}`));
const action: fc.Arbitrary<Action> = fc.record({
  do: fc.constantFrom("write", "append", "append", "prepend", "prepend", "mkdir", "remove", "move"),
  path,
  to: path,
});

const isDirectory = (tree: Tree, place: ByteString): boolean => place === "/r" || tree.get(place) === DIRECTORY;
const below = (tree: Tree, place: ByteString): ByteString[] =>
  [...tree.keys()].filter((one) => `${one}/`.startsWith(`${place}/`));

/** What cannot be done where it stands is left out, as a program would meet an error. */
function perform(tree: Tree, { do: kind, path: place, to }: Action, label: string): void {
  const found = tree.get(place);
  if (kind === "move") {
    const isFree = !tree.has(to) && isDirectory(tree, parentOf(to)) && !`${to}/`.startsWith(`${place}/`);
    if (found === undefined || !isFree) return;
    for (const one of below(tree, place)) {
      tree.set((to + one.slice(place.length)) as ByteString, tree.get(one) as string);
      tree.delete(one);
    }
  } else if (kind === "remove") for (const one of below(tree, place)) tree.delete(one);
  else if (!isDirectory(tree, parentOf(place)) || found === DIRECTORY) return;
  else if (kind === "mkdir") {
    if (found === undefined) tree.set(place, DIRECTORY);
  } else if (kind === "write" || found === undefined) tree.set(place, `${label}\n1\n2\n3\n4\n5\n`);
  else tree.set(place, kind === "append" ? `${found}end ${label}\n` : `begin ${label}\n${found}`);
}

function deltaOf({ saw, left, runId }: Running): DeltaEdit[] {
  const paths = new Set([...saw.keys(), ...left.keys()]);
  return [...paths].flatMap((one) => {
    const [before, after] = [stateOf(saw, one), stateOf(left, one)];
    const common = { by: { runId, tool: "t" }, labels: [] };
    return isSameState(before, after) ? [] : [{ path: one, before, after, ...common }];
  });
}

/** The host's tree with the workspace over it. */
function seen(host: Tree, space: SpaceEntries): Tree {
  const tree = new Map(host);
  for (const [one, { after }] of space) {
    if (after.type === "absent") tree.delete(one);
    else tree.set(one, textOf(after) as string);
  }
  return tree;
}

const step = fc.record({ call: fc.nat(4), actions: fc.array(action, { maxLength: 4 }), isEnd: fc.boolean() });

interface Running {
  readonly base: SpaceEntries;
  readonly saw: Tree;
  readonly left: Tree;
  readonly runId: string;
  /** How many commits there were when it began. */
  readonly began: number;
}

test(`in ${RUNS} interleavings of parallel calls nothing is lost and nothing is invented`, async () => {
  const counts = { taken: 0, joined: 0, conflicts: 0, overlapping: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 8 }),
      fc.array(step, { minLength: 4, maxLength: 30 }),
      async (made, steps) => {
        const host: Tree = new Map();
        for (const one of made) perform(host, one, "host");
        const space = new Map<ByteString, SpaceEntry>();
        const touched: Set<ByteString>[] = [];
        const running = new Map<number, Running>();
        for (const [number, { call, actions, isEnd }] of steps.entries()) {
          const tree = seen(host, space);
          const run = running.get(call) ?? {
            base: new Map(space),
            saw: tree,
            left: new Map(tree),
            runId: `${number}`,
            began: touched.length,
          };
          running.set(call, run);
          for (const [index, one] of actions.entries()) perform(run.left, one, `${number}.${index}`);
          if (!isEnd) continue;
          running.delete(call);
          touched.push(await commit(host, space, run, touched, counts));
        }
      },
    ),
    { numRuns: RUNS },
  );
  // Of 300 runs, some 5 to 25 join texts: it takes changes of both ends of one text.
  assert.ok(
    Object.values(counts).every((count) => count > RUNS / 300),
    JSON.stringify(counts),
  );
});

async function commit(
  host: Tree,
  space: Map<ByteString, SpaceEntry>,
  run: Running,
  touched: readonly Set<ByteString>[],
  counts: Record<"taken" | "joined" | "conflicts" | "overlapping", number>,
): Promise<Set<ByteString>> {
  const before = seen(host, space);
  const delta = deltaOf(run);
  const merged = await mergeDelta({
    base: run.base,
    current: space,
    delta,
    join: async (base, ours, theirs) => {
      const [a, b, c] = [base, ours, theirs].map(({ sha256 }) => contents.get(sha256) as Buffer);
      const joined = mergeTexts(a as Buffer, b as Buffer, c as Buffer);
      if (joined === undefined) return undefined;
      const sha256 = sha256Hex(joined);
      contents.set(sha256, Buffer.from(joined));
      return { sha256, sizeBytes: joined.length };
    },
  });
  for (const [one, entry] of merged.entries) {
    if (entry === undefined) space.delete(one);
    else space.set(one, entry);
  }
  const after = seen(host, space);
  const meanwhile = new Set(touched.slice(run.began).flatMap((one) => [...one]));
  if (meanwhile.size > 0) counts.overlapping++;

  for (const one of after.keys()) {
    const parent = parentOf(one);
    assert.ok(isDirectory(after, parent), `${one} is in a directory`);
  }
  const refused = new Map(merged.conflicts.map((conflict) => [conflict.path, conflict]));
  const edits = new Map(delta.map((edit) => [edit.path, edit]));
  for (const one of new Set([...before.keys(), ...after.keys(), ...edits.keys()])) {
    const edit = edits.get(one);
    if (edit === undefined) {
      assert.equal(after.get(one), before.get(one), `${one} was not this call's to change`);
    } else if (refused.has(one)) {
      counts.conflicts++;
      assert.equal(after.get(one), before.get(one), `${one}: the earlier work stands`);
      assert.ok(isSameState(refused.get(one)?.refused.after ?? ABSENT, edit.after), "the later work is told of");
      const isRelated = [...meanwhile].some(
        (two) => `${one}/`.startsWith(`${two}/`) || `${two}/`.startsWith(`${one}/`),
      );
      assert.ok(isRelated, `${one} is no conflict with anybody`);
    } else if (merged.joined.includes(one)) {
      counts.joined++;
      for (const side of [run.left, before]) {
        const own = linesOf(side.get(one)).filter((line) => !linesOf(run.saw.get(one)).includes(line));
        for (const line of own) assert.ok(linesOf(after.get(one)).includes(line), `${line} of ${one}`);
      }
    } else {
      counts.taken++;
      assert.equal(after.get(one), run.left.get(one), `${one} is what the call left`);
      if (meanwhile.has(one)) assert.ok(before.get(one) === run.saw.get(one) || before.get(one) === run.left.get(one));
    }
  }
  for (const [one, entry] of space) {
    assert.ok(!isSameState(entry.before, entry.after), `${one} is no change any more`);
    assert.ok(isSameState(entry.before, stateOf(host, one)), `${one} is compared with the host`);
  }
  return new Set([...merged.entries.keys()]);
}

function linesOf(text: string | undefined): string[] {
  return text === undefined || text === DIRECTORY ? [] : text.split("\n");
}
