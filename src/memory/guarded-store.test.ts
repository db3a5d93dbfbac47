import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GuardedStore,
  type GuardedStoreOptions,
  HashEmbeddings,
  type MetadataFilter,
  SqliteVectorStore,
} from "./index.ts";
import { BATCH_DOCUMENTS_MAX, RESULTS_MAX } from "./limits.ts";
import { AGENT, FLAGGED, MemoryWorld, SCOPE } from "./testing.ts";

const embeddings = new HashEmbeddings({ dimensions: 64 });

function stores(
  world: MemoryWorld,
  options: Partial<GuardedStoreOptions<MetadataFilter>> = {},
): { inner: SqliteVectorStore; store: GuardedStore<MetadataFilter> } {
  const inner = new SqliteVectorStore({ path: ":memory:", embeddings, dimensions: 64 });
  return { inner, store: new GuardedStore({ inner, gate: world.gate.vectors(AGENT), ...options }) };
}

const texts = (results: readonly [{ pageContent: string }, number][]): string[] =>
  results.map(([{ pageContent }]) => pageContent);

test("withheld rows do not crowd out the others: the search looks further until it has k", async () => {
  const world = new MemoryWorld();
  const { inner, store } = stores(world);
  await store.addDocuments(["rain in May", "rain in June", "rain in July"].map((text) => world.document(text)));
  const planted = Array.from({ length: 300 }, () => ({ pageContent: "rain rain rain", metadata: {} }));
  await inner.addDocuments(planted);
  assert.equal((await store.searchText("rain rain rain", 3)).length, 3);
  // Each once, although the search looked several times.
  assert.equal(world.refusals.length, 300);
  assert.ok(world.refusals.every(({ reason }) => reason === "no-admission"));
  assert.equal((await store.searchText("rain", 10)).length, 3);
});

test("agents do not read each other's documents unless the store says so, and write only their own", async () => {
  const world = new MemoryWorld();
  const { inner, store } = stores(world);
  const { gate } = world;
  const writer = new GuardedStore({ inner, gate: gate.vectors("writer"), sharedWith: [AGENT] });
  await store.addDocuments([world.document("rain at noon")]);
  await writer.addDocuments([world.document("rain at night", {}, { ...SCOPE, agent: "writer" })]);
  assert.deepEqual(texts(await store.searchText("rain", 4)), ["rain at noon"]);
  assert.deepEqual(texts(await writer.searchText("rain", 4)).sort(), ["rain at night", "rain at noon"]);
  await assert.rejects(writer.addDocuments([world.document("rain again")]), /other-agent/);
});

test("a batch may be bound to one run", async () => {
  const world = new MemoryWorld();
  const { store } = stores(world);
  await assert.rejects(store.addDocuments([world.document("rain")], { runId: "run-2" }), /other-run/);
  assert.equal((await store.addDocuments([world.document("rain")], { runId: "run-1" }))?.length, 1);
});

test("what a person released enters and is found again", async () => {
  const world = new MemoryWorld();
  const { store } = stores(world);
  await store.addDocuments([world.released(FLAGGED)]);
  assert.deepEqual(texts(await store.searchText("token", 1)), [FLAGGED]);
});

describe("vectors made elsewhere", () => {
  const write = async (change: (vector: number[]) => unknown, options = {}): Promise<number> => {
    const world = new MemoryWorld();
    const { inner, store } = stores(world, options);
    const [vector] = (await embeddings.embedDocuments(["rain at noon"])) as [number[]];
    try {
      await store.addVectors([change(vector)], [world.document("rain at noon")]);
    } finally {
      const found = await inner.similaritySearch("rain at noon", 1);
      assert.ok(found.length < 2);
      written = found.length;
    }
    return written;
  };
  let written = 0;

  test("its own, and one that a provider's rounding changed", async () => {
    assert.equal(await write((vector) => vector), 1);
    assert.equal(await write((vector) => vector.map((part) => part + 0.0001)), 1);
  });

  const bad: Readonly<Record<string, readonly [string, (vector: number[]) => unknown]>> = {
    "another text's": ["vector-foreign", (vector) => [...vector].reverse()],
    "its own, ten times as long": ["vector-foreign", (vector) => vector.map((part) => part * 10)],
    "too few": ["vector-foreign", (vector) => vector.slice(1)],
    "not a number": ["vector-invalid", (vector) => [Number.NaN, ...vector.slice(1)]],
    "too large for 32 bits": ["vector-invalid", (vector) => [1e300, ...vector.slice(1)]],
    "all zero": ["vector-invalid", (vector) => vector.map(() => 0)],
    strings: ["vector-invalid", (vector) => vector.map(String)],
    nothing: ["vector-invalid", () => undefined],
  };
  for (const [name, [code, change]] of Object.entries(bad))
    test(`${name}: ${code}`, async () => {
      await assert.rejects(write(change), { code });
      assert.equal(written, 0);
    });

  test("one that gives other numbers when it is read again", async () => {
    let reads = 0;
    const changingVector = (vector: number[]): unknown =>
      new Proxy(vector, { get: (target, key) => (key === "0" && reads++ > 0 ? 1e9 : Reflect.get(target, key)) });
    assert.equal(await write(changingVector), 1);
  });

  test("unchecked only when the store is told so", async () => {
    assert.equal(await write((vector) => [...vector].reverse(), { checkVectors: false }), 1);
  });

  test("one too many", async () => {
    const world = new MemoryWorld();
    const { store } = stores(world);
    const vectors = await embeddings.embedDocuments(["rain", "rain"]);
    await assert.rejects(store.addVectors(vectors, [world.document("rain")]), { code: "vector-count" });
    await assert.rejects(store.addVectors([[1, 2], [1]], [world.document("a"), world.document("b")]), {
      code: "vector-invalid",
    });
  });

  test("a store without embeddings cannot check them", () => {
    const world = new MemoryWorld();
    const { inner } = stores(world);
    const bare = Object.assign(Object.create(inner), { embeddings: undefined });
    const options = { inner: bare, gate: world.gate.vectors(AGENT) };
    assert.throws(() => new GuardedStore({ ...options, checkVectors: true }), { code: "no-embeddings" });
    assert.ok(new GuardedStore(options));
  });
});

test("an empty batch writes nothing; too large a batch or result is an error", async () => {
  const world = new MemoryWorld();
  const { store } = stores(world);
  assert.deepEqual(await store.addDocuments([]), []);
  assert.deepEqual(await store.addVectors([], []), []);
  const many = Array.from({ length: BATCH_DOCUMENTS_MAX + 1 }, () => ({}));
  await assert.rejects(store.addDocuments(many), { code: "batch-too-large" });
  for (const k of [0, -1, 1.5, Number.NaN, RESULTS_MAX + 1, "3" as unknown as number])
    await assert.rejects(store.searchText("rain", k), { code: "count-invalid" });
});
