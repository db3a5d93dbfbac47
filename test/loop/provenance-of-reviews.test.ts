import assert from "node:assert/strict";
import { test } from "node:test";
import { GuardedStore, HashEmbeddings, SqliteVectorStore } from "../../src/index.ts";
import { openTestLoop, received, talk } from "../../src/loop/testing.ts";

const PAGE = "The weather will be fine in the north.";

test("a reviewer sees whose words the conversation that asks has taken in: outputs, documents found, and their runs", async () => {
  await using world = await openTestLoop((config) => ({
    ...config,
    roles: { ...config.roles, writing: { tools: ["deploy", "fetch", "clock"] } },
    tools: { ...config.tools, clock: { external: true, output: { trust: "trusted", confidentiality: "public" } } },
  }));
  const { loop } = world;
  const [source, target] = [talk(loop, "writer", "source"), talk(loop, "writer", "target")];
  const fetched = await received(source, "fetch", PAGE);
  const admitted = await source.admitDocument({ pageContent: PAGE, metadata: {} }, { runId: fetched.runId });
  assert.ok(admitted.status === "admitted");
  const inner = new SqliteVectorStore({
    ...{ path: ":memory:", embeddings: new HashEmbeddings({ dimensions: 64 }), dimensions: 64 },
  });
  await new GuardedStore({ inner, gate: source.vectors }).addDocuments([admitted.document]);
  assert.equal((await new GuardedStore({ inner, gate: target.vectors }).searchText(PAGE, 1)).length, 1);
  const clock = await received(target, "clock", "noon");

  const permit = await target.permit({ tool: "deploy", input: { code: "true" } });
  assert.ok(permit.status === "waiting");
  const review = await loop.reviews.get(permit.reviewId);
  const bySource = new Map(review?.takenIn?.map((one) => [one.source, one]));
  const page = bySource.get("fetch");
  assert.deepEqual([page?.trust, page?.ways, page?.runIds], ["untrusted", ["retrieval"], [fetched.runId]]);
  const time = bySource.get("clock");
  assert.deepEqual([time?.trust, time?.ways, time?.runIds], ["trusted", ["output"], [clock.runId]]);
  // Another conversation of the same agent has taken in nothing.
  const other = await talk(loop, "writer", "other").permit({ tool: "deploy", input: { code: "false" } });
  assert.ok(other.status === "waiting");
  assert.deepEqual((await loop.reviews.get(other.reviewId))?.takenIn, []);
});
