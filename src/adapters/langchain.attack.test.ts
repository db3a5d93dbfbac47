import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DocumentInterface } from "@langchain/core/documents";
import { FakeVectorStore } from "@langchain/core/utils/testing";
import { VectorStoreRetriever } from "@langchain/core/vectorstores";
import { ZtlError } from "../errors.ts";
import {
  ADMISSION_KEY,
  GuardedStore,
  HashEmbeddings,
  type InnerVectorStore,
  type MemoryDocument,
} from "../memory/index.ts";
import { AGENT, BAD_DOCUMENTS, BLOCKED, MemoryWorld, SCOPE } from "../memory/testing.ts";
import { GuardedVectorStore } from "./langchain.ts";

const embeddings = new HashEmbeddings();
type Store = GuardedVectorStore<never>;

/** Every way to put something in, and every way to get something out: the last test sees to it that none is missing. */
const WRITES: Readonly<Record<string, (store: Store, documents: DocumentInterface[]) => Promise<unknown>>> = {
  addDocuments: (store, documents) => store.addDocuments(documents),
  addVectors: async (store, documents) =>
    store.addVectors(await embeddings.embedDocuments(documents.map(() => "the weather is fine")), documents),
  "retriever.addDocuments": (store, documents) => store.asRetriever().addDocuments(documents),
};
const READS: Readonly<Record<string, (store: Store) => Promise<unknown[]>>> = {
  similaritySearch: (store) => store.similaritySearch("weather"),
  similaritySearchWithScore: (store) => store.similaritySearchWithScore("weather", 4),
  similaritySearchVectorWithScore: async (store) =>
    store.similaritySearchVectorWithScore(await embeddings.embedQuery("weather"), 4),
  maxMarginalRelevanceSearch: (store) => store.maxMarginalRelevanceSearch("weather", { k: 4 }),
  "retriever.invoke": (store) => store.asRetriever().invoke("weather"),
  "retriever.invoke, mmr": (store) => store.asRetriever({ searchType: "mmr" }).invoke("weather"),
  "retriever.batch": async (store) => (await store.asRetriever().batch(["weather"])).flat(),
};
/** On the way out, time does not matter, and what older rules admitted is scanned again. */
const READABLE_LATER = new Set(["expired", "not yet valid", "another rule set's"]);

function guarded(world: MemoryWorld, inner: InnerVectorStore<never>): Store {
  return new GuardedVectorStore({ inner, gate: world.gate.vectors(AGENT) });
}

/** Gives what it is told to, to every search. */
class LyingStore implements InnerVectorStore<never> {
  readonly embeddings = embeddings;
  readonly #documents: readonly unknown[];

  constructor(documents: readonly unknown[]) {
    this.#documents = documents;
  }

  async addDocuments(): Promise<void> {}
  async addVectors(): Promise<void> {}
  async delete(): Promise<void> {}
  async similaritySearchVectorWithScore(_query: number[], k: number): Promise<[MemoryDocument, number][]> {
    return this.#documents.slice(0, k).map((document) => [document as MemoryDocument, 1]);
  }
}

for (const [path, write] of Object.entries(WRITES))
  describe(`what may not enter by ${path}`, () => {
    for (const [name, { forge, reason }] of Object.entries(BAD_DOCUMENTS))
      test(name, async () => {
        const world = new MemoryWorld();
        const inner = new FakeVectorStore(embeddings);
        const forged = forge(world) as DocumentInterface;
        // Among good ones: one refused document refuses them all.
        const batch = [world.document("it rains"), forged, world.document("it snows")];
        await assert.rejects(write(guarded(world, inner), batch), (error) => {
          assert.ok(ZtlError.isInstance(error) && error.code === "admission-refused");
          assert.deepEqual(error.details.refusals, world.refusals);
          return !error.message.includes("im_start");
        });
        assert.deepEqual(
          world.refusals.map((refusal) => [refusal.place, refusal.index, refusal.reason]),
          [["vector-entry", 1, reason]],
        );
        assert.deepEqual(inner.memoryVectors, []);
      });

    test("the same document a second time, alone or in one batch", async () => {
      const world = new MemoryWorld();
      const inner = new FakeVectorStore(embeddings);
      const store = guarded(world, inner);
      const document = world.document("the weather is fine");
      const other = world.document("the weather is fine");
      await write(store, [document]);
      await assert.rejects(write(store, [structuredClone(document)]), /replayed/);
      await assert.rejects(write(store, [other, other]), /replayed/);
      assert.equal(inner.memoryVectors.length, 1);
    });
  });

for (const [path, read] of Object.entries(READS))
  describe(`what does not come out by ${path}`, () => {
    for (const [name, { forge, reason }] of Object.entries(BAD_DOCUMENTS)) {
      if (READABLE_LATER.has(name)) continue;
      test(name, async () => {
        const world = new MemoryWorld();
        assert.deepEqual(await read(guarded(world, new LyingStore([forge(world)]))), []);
        assert.deepEqual([world.refusals[0]?.place, world.refusals[0]?.reason], ["vector-retrieval", reason]);
      });
    }

    test("a copy of an admitted document, which would crowd out others", async () => {
      const world = new MemoryWorld();
      const document = world.document("the weather is fine");
      const found = await read(guarded(world, new LyingStore([document, structuredClone(document)])));
      assert.equal(found.length, 1);
      assert.equal(world.refusals[0]?.reason, "replayed");
    });

    test("what older rules admitted and today's do not", async () => {
      const world = new MemoryWorld();
      const harmless = world.oldDocument("the weather is fine");
      assert.ok((await read(guarded(world, new LyingStore([harmless])))).length > 0);
      assert.deepEqual(await read(guarded(world, new LyingStore([world.oldDocument(BLOCKED)]))), []);
      assert.equal(world.refusals[0]?.reason, "not-admitted");
      const edited = { ...harmless, pageContent: "the weather is bad" };
      assert.deepEqual(await read(guarded(world, new LyingStore([edited]))), []);
      const foreign = world.oldDocument("the weather is fine", { ...SCOPE, agent: "writer" });
      assert.deepEqual(await read(guarded(world, new LyingStore([foreign]))), []);
    });
  });

test("an admission that all objects inherit is nobody's", async () => {
  const world = new MemoryWorld();
  const { pageContent, metadata } = world.document("the weather is fine");
  const inherit = (value: unknown): void => {
    Object.defineProperty(Object.prototype, ADMISSION_KEY, { value, configurable: true, writable: true });
  };
  inherit(metadata[ADMISSION_KEY]);
  try {
    await assert.rejects(
      guarded(world, new LyingStore([])).addDocuments([{ pageContent, metadata: {} }]),
      /no-admission/,
    );
    assert.deepEqual(await guarded(world, new LyingStore([{ pageContent }])).similaritySearch("weather"), []);
  } finally {
    Reflect.deleteProperty(Object.prototype, ADMISSION_KEY);
  }
});

test("a document that is changed after it was added, or after it was found, stays what it was", async () => {
  const world = new MemoryWorld();
  const store = guarded(world, new FakeVectorStore(embeddings));
  const document = world.document("the weather is fine", { tags: ["sky"] });
  await store.addDocuments([document]);
  const change = (found: MemoryDocument): void => {
    found.pageContent = BLOCKED;
    (found.metadata.tags as string[]).push(BLOCKED);
    found.metadata.note = BLOCKED;
  };
  change(document);
  const [first] = await store.similaritySearch("weather");
  change(first as MemoryDocument);
  const [second] = await store.similaritySearch("weather");
  assert.equal(second?.pageContent, "the weather is fine");
  assert.deepEqual(second?.metadata.tags, ["sky"]);
  assert.deepEqual(world.refusals, []);
});

test("the guarded store does not give away what is behind it, nor what was passed beside the documents", async () => {
  const world = new MemoryWorld();
  const seen: unknown[] = [];
  class Recording extends LyingStore {
    override async addDocuments(...all: unknown[]): Promise<void> {
      seen.push(...all.slice(1));
    }
  }
  const store = guarded(world, new Recording([]));
  assert.deepEqual(store.lc_kwargs, {});
  assert.deepEqual(Object.keys(store).sort(), ["embeddings", "lc_kwargs", "lc_namespace", "lc_serializable"]);
  assert.ok(!JSON.stringify(store).includes("inner"));
  const options = { ids: ["a"], namespace: BLOCKED };
  await store.addDocuments([world.document("it rains")], options);
  assert.deepEqual(seen, [{ ids: ["a"] }]);
  for (const ids of [[BLOCKED], [], ["a", "b"]])
    await assert.rejects(store.addDocuments([world.document("it rains")], { ids }), { code: "ids-invalid" });
});

test("a store cannot be made from texts or documents past the gate", async () => {
  const inherited = GuardedVectorStore as unknown as {
    fromTexts(...all: unknown[]): Promise<unknown>;
    fromDocuments(...all: unknown[]): Promise<unknown>;
  };
  await assert.rejects(inherited.fromTexts([BLOCKED], {}, embeddings, {}), { code: "admission-needed" });
  await assert.rejects(inherited.fromDocuments([], embeddings, {}), { code: "admission-needed" });
});

/** Own names of a class and of those it extends, down to LangChain's `Serializable`. */
function methodsOf(type: { prototype: object }): string[] {
  const names = new Set<string>();
  for (let at = type.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  return [...names].sort();
}

test("no public method was forgotten: a new one, ours or LangChain's, must be put on a list here", () => {
  const neither = ["constructor", "_vectorstoreType", "asRetriever", "delete"];
  const serialising = ["lc_aliases", "lc_attributes", "lc_id", "lc_secrets", "lc_serializable_keys"];
  const json = ["toJSON", "toJSONNotImplemented"];
  const named = [...Object.keys(WRITES), ...Object.keys(READS)].filter((name) => !name.startsWith("retriever"));
  assert.deepEqual(methodsOf(GuardedVectorStore), [...neither, ...serialising, ...json, ...named].sort());
  const statics = Object.getOwnPropertyNames(Object.getPrototypeOf(GuardedVectorStore));
  assert.deepEqual(statics.sort(), ["fromDocuments", "fromTexts", "length", "name", "prototype"]);
  assert.deepEqual(Object.getOwnPropertyNames(VectorStoreRetriever.prototype).sort(), [
    ...["_getRelevantDocuments", "_vectorstoreType", "addDocuments", "constructor", "lc_namespace"],
  ]);
  // What the adapter calls: of these, only the first two can write.
  assert.deepEqual(methodsOf(GuardedStore), [
    ...["addDocuments", "addVectors", "constructor", "delete", "search", "searchDiverse", "searchText"],
  ]);
});
