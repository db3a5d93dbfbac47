import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Document } from "@langchain/core/documents";
import { FakeVectorStore } from "@langchain/core/utils/testing";
import { VectorStore } from "@langchain/core/vectorstores";
import { ADMISSION_KEY, HashEmbeddings, type InnerVectorStore, SqliteVectorStore } from "../memory/index.ts";
import { AGENT, MemoryWorld } from "../memory/testing.ts";
import { GuardedVectorStore } from "./langchain.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-langchain-"));
after(() => rmSync(directory, { recursive: true }));

const embeddings = new HashEmbeddings();
const FACTS = [
  "Otters eat fish and sleep on their backs.",
  "The ledger is signed.",
  "Rain falls in Bergen on most days.",
];

/** LangChain's own store in memory, and sqlite-vec's on disk. */
const INNER: Readonly<Record<string, () => InnerVectorStore<never>>> = {
  "LangChain's store in memory": () => new FakeVectorStore(embeddings),
  "sqlite-vec on disk": () => onDisk(),
};

function onDisk(): SqliteVectorStore {
  return new SqliteVectorStore({ path: join(directory, `${randomUUID()}.sqlite`), embeddings, dimensions: 512 });
}

function guarded(world: MemoryWorld, inner: InnerVectorStore<never>): GuardedVectorStore<never> {
  return new GuardedVectorStore({ inner, gate: world.gate.vectors(AGENT) });
}

for (const [name, make] of Object.entries(INNER)) {
  test(`${name}: every search of LangChain's interface finds what was admitted`, async () => {
    const world = new MemoryWorld();
    const store = guarded(world, make());
    assert.ok(store instanceof VectorStore);
    await store.addDocuments(FACTS.map((text, page) => new Document(world.document(text, { page }))));
    const question = "Where does rain fall?";
    const [found] = await store.similaritySearch(question, 1);
    assert.ok(found instanceof Document);
    assert.equal(found.pageContent, FACTS[2]);
    assert.equal(found.metadata.page, 2);
    assert.equal(found.metadata[ADMISSION_KEY].claims.runId, "run-1");
    const [[scored, score]] = (await store.similaritySearchWithScore(question, 1)) as [[Document, number]];
    assert.ok(scored.pageContent === FACTS[2] && score > 0 && score <= 1);
    const vector = await embeddings.embedQuery(question);
    assert.equal((await store.similaritySearchVectorWithScore(vector, 3)).length, 3);
    const diverse = await store.maxMarginalRelevanceSearch(question, { k: 2, lambda: 0.7 });
    assert.equal(diverse[0]?.pageContent, FACTS[2]);
    assert.equal((await store.asRetriever(2).invoke(question))[0]?.pageContent, FACTS[2]);
    const byRelevance = store.asRetriever({ k: 2, searchType: "mmr", searchKwargs: { lambda: 1, fetchK: 3 } });
    assert.equal((await byRelevance.invoke(question))[0]?.pageContent, FACTS[2]);
    assert.deepEqual(world.refusals, []);
  });

  test(`${name}: vectors made elsewhere and a retriever's documents enter too`, async () => {
    const world = new MemoryWorld();
    const store = guarded(world, make());
    const documents = FACTS.slice(0, 2).map((text) => world.document(text));
    await store.addVectors(await embeddings.embedDocuments(FACTS.slice(0, 2)), documents);
    await store.asRetriever().addDocuments([world.document(FACTS[2] as string)]);
    assert.equal((await store.similaritySearch("otters, rain, ledger", 10)).length, 3);
  });
}

test("ids and filters are the inner store's, deletion too", async () => {
  const world = new MemoryWorld();
  const inner = onDisk();
  const store = new GuardedVectorStore({ inner, gate: world.gate.vectors(AGENT) });
  const documents = FACTS.map((text, page) => world.document(text, { page }));
  assert.deepEqual(await store.addDocuments(documents, { ids: ["a", "b", "c"], runId: "run-1" }), ["a", "b", "c"]);
  const found = await store.asRetriever({ k: 3, filter: { page: 1 } }).invoke("rain");
  assert.deepEqual(
    found.map(({ id, pageContent }) => [id, pageContent]),
    [["b", FACTS[1]]],
  );
  await store.delete({ ids: ["b"] });
  assert.deepEqual(await store.similaritySearch("rain", 3, { page: 1 }), []);
  inner.close();
});

test("a filter of LangChain's store is a function", async () => {
  const world = new MemoryWorld();
  const store = new GuardedVectorStore({
    inner: new FakeVectorStore(embeddings),
    gate: world.gate.vectors(AGENT),
  });
  await store.addDocuments(FACTS.map((text, page) => world.document(text, { page })));
  const found = await store.similaritySearch("rain", 3, (document: Document) => document.metadata.page === 0);
  assert.deepEqual(
    found.map(({ pageContent }) => pageContent),
    [FACTS[0]],
  );
});
