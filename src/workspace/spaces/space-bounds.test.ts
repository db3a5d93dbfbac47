import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ProposedChange } from "../index.ts";
import { GUEST_ROOT } from "../testing/changes-between.ts";
import { makeWorld } from "../testing/world.ts";

const LIMITS = { entries: 4, bytes: 100 };

async function open(t: TestContext) {
  const world = await makeWorld(t, { spaceLimits: LIMITS });
  const { spaces } = world.workspace;
  const view = () => spaces.view("owner", "agent");
  return {
    room: async () => spaces.roomIn(await view()),
    commit: async (...changes: readonly ProposedChange[]) => {
      const made = { runId: "run", agent: "agent", tool: "shell", command: "true", labels: [], changes };
      return await spaces.commit(await view(), { ...made, roots: [{ hostRoot: world.host, guestRoot: GUEST_ROOT }] });
    },
  };
}

function file(name: string, sizeBytes: number, kind: "add" | "modify" = "add"): ProposedChange {
  const content = Buffer.alloc(sizeBytes, name);
  return { path: `${GUEST_ROOT}/${name}`, kind, fileType: "file", mode: 0o644, content };
}

function gone(name: string): ProposedChange {
  return { path: `${GUEST_ROOT}/${name}`, kind: "delete", fileType: "file" };
}

test("what is pending in a workspace has a bound in bytes: a call beyond it is told, and changes nothing", async (t) => {
  const { commit, room } = await open(t);
  assert.equal((await commit(file("a", 60))).beyond, undefined);
  assert.equal(await room(), 40);
  const beyond = await commit(file("b", 41));
  assert.deepEqual(beyond.beyond, { what: "bytes", found: 101, most: 100 });
  assert.equal(await room(), 40);
  assert.equal((await commit(file("b", 40))).beyond, undefined);
  assert.equal(await room(), 0);
});

test("what is deleted, cut short or taken back is free again", async (t) => {
  const { commit, room } = await open(t);
  await commit(file("a", 60), file("b", 40));
  assert.equal(await room(), 0);
  assert.equal((await commit(file("a", 10, "modify"))).beyond, undefined);
  assert.equal(await room(), 50);
  assert.equal((await commit(gone("b"), file("c", 85))).beyond, undefined, "in one call, too");
  assert.equal(await room(), 5);
  await commit(gone("a"), gone("c"));
  assert.equal(await room(), LIMITS.bytes);
});

test("the number of changed files has a bound as well", async (t) => {
  const { commit } = await open(t);
  await commit(...["a", "b", "c", "d"].map((name) => file(name, 1)));
  assert.deepEqual((await commit(file("e", 1))).beyond, { what: "entries", found: 5, most: 4 });
  assert.equal((await commit(gone("a"), file("e", 1))).beyond, undefined);
});
