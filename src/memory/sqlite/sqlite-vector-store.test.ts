import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { HashEmbeddings, type MemoryDocument, SqliteVectorStore } from "../index.ts";
import { DOCUMENT_BYTES_MAX } from "../limits.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-vectors-"));
after(() => rmSync(directory, { recursive: true }));

const embeddings = new HashEmbeddings({ dimensions: 32 });
const open = (path: string, dimensions = 32): SqliteVectorStore =>
  new SqliteVectorStore({ path, embeddings, dimensions });
const document = (pageContent: string, metadata: Record<string, unknown> = {}): MemoryDocument => ({
  pageContent,
  metadata,
});

test("documents and their metadata outlive the process that wrote them", async () => {
  const path = join(directory, "kept.sqlite");
  const first = open(path);
  const ids = await first.addDocuments([
    document("rain in Bergen", { page: 1, tags: ["a", null], deep: { x: "é😀" } }),
  ]);
  first.close();
  const second = open(path);
  const [[found, score]] = (await second.similaritySearchWithScore("rain in Bergen", 4)) as [[MemoryDocument, number]];
  second.close();
  assert.deepEqual(found, {
    pageContent: "rain in Bergen",
    metadata: { page: 1, tags: ["a", null], deep: { x: "é😀" } },
    id: ids[0],
  });
  assert.ok(Math.abs(score - 1) < 1e-6);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("the nearest come first, as an exact calculation says", async () => {
  const store = open(":memory:");
  const texts = Array.from(
    { length: 50 },
    (_, index) => `text ${index} on ${["rain", "snow", "sun"][index % 3]} ${index * 7}`,
  );
  await store.addDocuments(texts.map((text) => document(text)));
  const query = await embeddings.embedQuery("snow on 21");
  const vectors = await embeddings.embedDocuments(texts);
  const similarity = (vector: number[]): number =>
    vector.reduce((sum, part, at) => sum + part * (query[at] as number), 0);
  const expected = vectors.map(similarity).sort((a, b) => b - a);
  const found = await store.similaritySearchVectorWithScore(query, 10);
  found.forEach(([, score], rank) => assert.ok(Math.abs(score - (expected[rank] as number)) < 1e-5));
  assert.equal(found.length, 10);
  store.close();
});

test("a document with the id of an earlier one takes its place; deleted ones are gone", async () => {
  const store = open(":memory:");
  const all = async (): Promise<string[]> =>
    (await store.similaritySearch("rain", 9)).map(({ pageContent }) => pageContent);
  assert.deepEqual(await store.addDocuments([document("rain"), document("snow")], { ids: ["a", "b"] }), ["a", "b"]);
  await store.addDocuments([{ ...document("sun"), id: "a" }]);
  assert.deepEqual((await all()).sort(), ["snow", "sun"]);
  await store.delete({ ids: ["a", "unknown"] });
  assert.deepEqual(await all(), ["snow"]);
  await assert.rejects(store.delete(), { code: "ids-invalid" });
  store.close();
});

test("filters compare values by type, and bind whatever name they are given", async () => {
  const store = open(":memory:");
  const values = [1, "1", true, null, [1], 0.5];
  await store.addDocuments(values.map((value) => document(`rain ${JSON.stringify(value)}`, { value, 'it\'s "x"': 1 })));
  const found = async (filter: Record<string, string | number | boolean>): Promise<string[]> =>
    (await store.similaritySearch("rain", 9, filter)).map(({ pageContent }) => pageContent);
  assert.deepEqual(await found({ value: 1 }), ["rain 1"]);
  assert.deepEqual(await found({ value: "1" }), ['rain "1"']);
  assert.deepEqual(await found({ value: true }), ["rain true"]);
  assert.deepEqual(await found({ value: 0.5 }), ["rain 0.5"]);
  assert.deepEqual(await found({ value: false }), []);
  assert.equal((await found({ 'it\'s "x"': 1 })).length, values.length);
  assert.deepEqual(await found({ "' OR 1=1 --": 1 }), []);
  await assert.rejects(found({ value: null as unknown as string }), { code: "filter-invalid" });
  store.close();
});

test("a batch is written whole or not at all", async () => {
  const store = open(":memory:");
  const good = document("rain");
  const bad: readonly (readonly [string, number[][], MemoryDocument[]])[] = [
    ["vector-count", [], [good]],
    [
      "vector-invalid",
      await embeddings.embedDocuments(["rain"]).then(([one]) => [one as number[], [1, 2]]),
      [good, good],
    ],
    [
      "document-malformed",
      await embeddings.embedDocuments(["a", "b"]),
      [good, document("x".repeat(DOCUMENT_BYTES_MAX + 1))],
    ],
    ["document-malformed", await embeddings.embedDocuments(["a", "b"]), [good, { ...good, id: "no ids with spaces" }]],
  ];
  for (const [code, vectors, documents] of bad) await assert.rejects(store.addVectors(vectors, documents), { code });
  assert.deepEqual(await store.similaritySearch("rain", 9), []);
  store.close();
});

test("a batch that fails half way leaves nothing behind", async () => {
  const path = join(directory, "half.sqlite");
  const store = open(path);
  const other = new DatabaseSync(path);
  other.exec(
    "CREATE TRIGGER stop BEFORE INSERT ON document WHEN new.id = 'b' BEGIN SELECT RAISE(ABORT, 'stopped'); END",
  );
  await assert.rejects(store.addDocuments([document("rain"), document("rain")], { ids: ["a", "b"] }), /stopped/);
  assert.equal(other.prepare("SELECT count(*) AS count FROM document").get()?.count, 0);
  assert.deepEqual(await store.similaritySearch("rain", 9), []);
  await store.addDocuments([document("rain")], { ids: ["c"] });
  assert.equal((await store.similaritySearch("rain", 9)).length, 1);
  other.close();
  store.close();
});

test("another database, other dimensions or no database at all is not opened, and not changed", () => {
  const path = join(directory, "other.sqlite");
  open(path).close();
  assert.throws(() => open(path, 64), { code: "vector-store-format" });
  open(path).close();
  const text = join(directory, "text");
  writeFileSync(text, "not a database, but as long as the header of one, or longer: ".repeat(40));
  const before = readFileSync(text);
  assert.throws(() => open(text), { code: "vector-store-open-failed" });
  assert.deepEqual(readFileSync(text), before);
  assert.throws(() => open(join(directory, "no", "such", "place")), { code: "vector-store-open-failed" });
  assert.throws(() => open(":memory:", 0), { code: "dimensions-invalid" });
});
