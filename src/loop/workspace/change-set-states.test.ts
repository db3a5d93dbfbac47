import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeWorld, proposalOf, type World } from "../../workspace/testing/world.ts";
import { drawnArrows } from "../reviews/testing.ts";

type Event = (typeof MOVES)[number]["event"];

/** As ARCHITECTURE.md draws them; `applying` is passed through by whoever writes the files. */
const MOVES = [
  { event: "approve", from: "pending", by: [], to: "approved" },
  { event: "reject", from: "pending", by: [], to: "rejected" },
  { event: "expire", from: "pending", by: [], to: "expired" },
  { event: "supersede", from: "pending", by: [], to: "superseded" },
  { event: "write", from: "approved", by: ["applying"], to: "applied" },
  { event: "write changed", from: "approved", by: [], to: "conflict" },
  { event: "write refused", from: "approved", by: ["applying"], to: "approved" },
  { event: "revoke", from: "approved", by: [], to: "rejected" },
  { event: "undo", from: "applied", by: [], to: "undone" },
  { event: "redo", from: "undone", by: [], to: "applied" },
] as const;

const WAYS: Readonly<Record<string, readonly Event[]>> = {
  pending: [],
  approved: ["approve"],
  rejected: ["reject"],
  expired: ["expire"],
  superseded: ["supersede"],
  applied: ["approve", "write"],
  undone: ["approve", "write", "undo"],
  conflict: ["approve", "write changed"],
};

/** `write refused` needs a host that fails in the middle, which the tests of the sync have. */
const WALKED = MOVES.filter(({ event }) => event !== "write refused");

test("a change set goes every way that it may, and no other", async (t) => {
  let now = Date.now();
  const world = await makeWorld(t, { now: () => now });
  let files = 0;
  const happen = async (event: Event, id: string, path: string): Promise<void> => {
    const { workspace, host } = world;
    const set = workspace.find(id);
    switch (event) {
      case "approve":
        return void (await workspace.approve(id, { hash: set?.hash ?? "", reviewer: "ann" }));
      case "reject":
        return void workspace.reject(id, { reviewer: "ann" });
      case "expire":
        now = Math.max(now, set?.expiresAt ?? 0);
        return void workspace.expire();
      case "supersede":
        return void (await workspace.propose(proposeFile(world, `${path}-again`, { startedFrom: id })));
      case "write changed":
        if (set?.state === "approved") writeFileSync(join(host, path), "somebody's");
        return void (await workspace.sync(id));
      case "write":
      case "write refused":
        return void (await workspace.sync(id));
      case "revoke":
        return void (await workspace.revoke(id, { reviewer: "ann" }));
      case "undo":
      case "redo":
        return void (await workspace[event](id));
    }
  };
  const setIn = async (state: string): Promise<{ id: string; path: string }> => {
    const path = `file-${files++}`;
    const { id } = await world.workspace.propose(proposeFile(world, path));
    for (const event of WAYS[state] ?? []) await happen(event, id, path);
    assert.equal(world.workspace.find(id)?.state, state);
    return { id, path };
  };
  let legal = 0;
  for (const state of Object.keys(WAYS)) {
    for (const event of new Set(WALKED.map((move) => move.event))) {
      const { id, path } = await setIn(state);
      await happen(event, id, path);
      const to = WALKED.find((move) => move.event === event && move.from === state)?.to;
      if (to !== undefined) legal++;
      // Writing is the same event whatever is found: a set that is not approved is not written either way.
      assert.equal(world.workspace.find(id)?.state, to ?? state, `${event} of a change set that is ${state}`);
    }
  }
  assert.equal(legal, WALKED.length);
});

function proposeFile(
  world: World,
  path: string,
  more?: Parameters<typeof proposalOf>[2],
): ReturnType<typeof proposalOf> {
  return proposalOf(world, (directory) => writeFileSync(join(directory, path), path), more);
}

test("ARCHITECTURE.md draws it as it is", () => {
  const arrows = MOVES.flatMap(({ from, by, to }) => {
    const stations = [from, ...by, to];
    return stations.slice(1).map((next, i) => `${stations[i]} ${next}`);
  });
  assert.deepEqual(drawnArrows("A change set"), [...new Set(arrows)].sort());
});
