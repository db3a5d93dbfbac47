import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openStateDatabase } from "../state/state-database.ts";
import { type NewReview, ReviewStore } from "./review-store.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-reviews-"));
after(() => rmSync(directory, { recursive: true }));
let now = 1000;
/** Two over one file, as two processes have them. */
const [store, other] = [0, 1].map(() => new ReviewStore(openStateDatabase(directory), () => now)) as [
  ReviewStore,
  ReviewStore,
];

const HASH = "a".repeat(64);
let asked = 0;
const review = (expiresAt = 2000): NewReview => ({
  kind: "call",
  runId: "run",
  agent: `agent-${asked++}`,
  tool: "tool",
  command: "command",
  expiresAt,
  hash: HASH,
  title: "title",
  details: "{}",
});

test("of two who decide, one does; the other is told who", () => {
  const { id } = store.add(review());
  assert.equal(other.decide(id, { event: "approve", hash: HASH, reviewer: "ann" }).status, "done");
  assert.deepEqual(store.decide(id, { event: "reject", reviewer: "bob" }), {
    status: "already",
    state: "approved",
    decidedBy: "ann",
  });
});

test("a decision on something else than is there is stale", () => {
  const { id } = store.add(review());
  const stale = store.decide(id, { event: "approve", hash: "b".repeat(64), reviewer: "ann" });
  assert.deepEqual(stale, { status: "stale", hash: HASH });
  assert.equal(store.get(id)?.state, "pending");
});

test("an approval is used once, by whichever process is first", () => {
  const { id } = store.add(review());
  assert.equal(store.use(id), false);
  store.decide(id, { event: "approve", hash: HASH, reviewer: "ann" });
  assert.equal(other.use(id), true);
  assert.equal(store.use(id), false);
});

test("an approval for what is not there any more is superseded, and not used", () => {
  const { id } = store.add(review());
  store.decide(id, { event: "approve", hash: HASH, reviewer: "ann" });
  other.supersede(id);
  assert.equal(store.get(id)?.state, "superseded");
  assert.equal(store.use(id), false);
});

test("time rejects, and also ends an approval that nobody used", () => {
  const waiting = store.add(review(5000));
  const approved = store.add(review(5000));
  store.decide(approved.id, { event: "approve", hash: HASH, reviewer: "ann" });
  now = 5000;
  assert.equal(store.get(waiting.id)?.state, "expired");
  assert.equal(store.decide(waiting.id, { event: "approve", hash: HASH, reviewer: "ann" }).status, "already");
  assert.equal(store.use(approved.id), false);
  const expired = store.takeExpired().map(({ id }) => id);
  assert.ok(expired.includes(waiting.id) && expired.includes(approved.id));
  assert.deepEqual(other.takeExpired(), []);
});

test("asking again does not ask twice", () => {
  const { id } = store.add({ ...review(9000), agent: "a", hash: "c".repeat(64) });
  assert.equal(other.add({ ...review(9000), agent: "a", hash: "c".repeat(64) }).id, id);
  assert.notEqual(store.add({ ...review(9000), agent: "a", hash: "d".repeat(64) }).id, id);
});

test("there is no review of an unknown id", () => {
  assert.equal(store.decide("nothing", { event: "approve", reviewer: "ann" }).status, "not-found");
});
