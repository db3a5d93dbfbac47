import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CallBook, type CallState } from "../call/call-book.ts";
import { openStateDatabase } from "../state/state-database.ts";
import type { ReviewState } from "./review.ts";
import { ReviewStore } from "./review-store.ts";
import { CALL_MOVES, REVIEW_MOVES, type ReviewEvent } from "./states.ts";
import { drawnArrows } from "./testing.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-states-"));
after(() => rmSync(directory, { recursive: true }));
const HASH = "a".repeat(64);
let now = 1000;
const database = openStateDatabase(directory);
const store = new ReviewStore(database, () => now);

/** What can happen to a review. */
const EVENTS: Readonly<Record<ReviewEvent, (id: string) => void>> = {
  approve: (id) => void store.decide(id, { event: "approve", hash: HASH, reviewer: "ann" }),
  reject: (id) => void store.decide(id, { event: "reject", reviewer: "ann" }),
  revoke: (id) => void store.decide(id, { event: "revoke", reviewer: "ann" }),
  use: (id) => void store.use(id),
  supersede: (id) => store.supersede(id),
  expire: (id) => {
    now = store.get(id)?.expiresAt ?? now;
    store.takeExpired();
  },
};

/** The shortest way into each state. */
const WAYS: Readonly<Partial<Record<ReviewState, readonly ReviewEvent[]>>> = {
  pending: [],
  approved: ["approve"],
  rejected: ["reject"],
  used: ["approve", "use"],
  superseded: ["approve", "supersede"],
  expired: ["expire"],
};

let made = 0;
function reviewIn(state: ReviewState): string {
  const { id } = store.add({
    ...{ kind: "call", runId: "run", agent: `agent-${made++}`, tool: "tool", command: "", hash: HASH, title: "" },
    ...{ expiresAt: now + 1000, details: "{}" },
  });
  for (const event of WAYS[state] ?? []) EVENTS[event](id);
  assert.equal(store.get(id)?.state, state);
  return id;
}

test("a review goes every way that it may, and no other", () => {
  let legal = 0;
  for (const state of Object.keys(WAYS) as ReviewState[]) {
    for (const event of Object.keys(REVIEW_MOVES) as ReviewEvent[]) {
      const id = reviewIn(state);
      EVENTS[event](id);
      const { from, to } = REVIEW_MOVES[event];
      const isLegal = (from as readonly ReviewState[]).includes(state);
      if (isLegal) legal++;
      assert.equal(store.get(id)?.state, isLegal ? to : state, `${event} of a review that is ${state}`);
    }
  }
  assert.equal(legal, 7);
});

test("a call with a name goes every way that it may; from the right state alone, and never another way", () => {
  const book = new CallBook(database, () => now);
  const states: readonly CallState[] = ["asked", "waiting", "permitted", "running", "done"];
  const ways: Readonly<Record<CallState, readonly CallState[]>> = {
    asked: [],
    waiting: ["waiting"],
    permitted: ["permitted"],
    running: ["permitted", "running"],
    done: ["permitted", "running", "done"],
  };
  for (const state of states) {
    for (const to of states) {
      const name = { agent: "agent", conversation: "main", callId: `${state} to ${to}` };
      book.open({ ...name, runId: "run", tool: "tool", hash: HASH });
      let at: CallState = "asked";
      for (const next of ways[state]) {
        assert.ok(book.move(name, at, next));
        at = next;
      }
      if (CALL_MOVES.some(([from, next]) => from === state && next === to)) {
        for (const other of states.filter((one) => CALL_MOVES.some(([a, b]) => a === one && b === to && one !== state)))
          assert.equal(book.move(name, other, to), false, `it is ${state}, not ${other}`);
        assert.ok(book.move(name, state, to));
        assert.equal(book.find(name)?.state, to);
      } else {
        assert.throws(() => book.move(name, state, to), { code: "invariant" });
        assert.equal(book.find(name)?.state, state);
      }
    }
  }
});

test("ARCHITECTURE.md draws them as they are", () => {
  const moves = Object.values(REVIEW_MOVES).flatMap(({ from, to }) => from.map((one) => `${one} ${to}`));
  assert.deepEqual(drawnArrows("The review of a call or a withheld content"), moves.sort());
  assert.deepEqual(drawnArrows("A call with a name"), CALL_MOVES.map((move) => move.join(" ")).sort());
});
