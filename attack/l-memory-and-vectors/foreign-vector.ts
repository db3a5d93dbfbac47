import assert from "node:assert/strict";
import { GuardedStore, HashEmbeddings, SqliteVectorStore } from "../../src/index.ts";
import { AGENT, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 33,
  must: "An admitted text is not filed under another text's vector, nor under one of numbers that are none.",
  quick: true,
  async run() {
    const world = new MemoryWorld();
    const embeddings = new HashEmbeddings({ dimensions: 32 });
    const inner = new SqliteVectorStore({ path: ":memory:", embeddings, dimensions: 32 });
    const store = new GuardedStore({ inner, gate: world.gate.vectors(AGENT) });
    const own = await embeddings.embedQuery("rain at noon");
    const foreign = await embeddings.embedQuery("how do I pay an invoice");
    const vectors = [
      foreign,
      own.map((value) => -value),
      own.map(() => Number.NaN),
      own.map(() => Infinity),
      [],
      own.slice(1),
    ];
    for (const vector of vectors) {
      const document = world.document("rain at noon");
      await assert.rejects(store.addVectors([vector], [document]), JSON.stringify(vector.slice(0, 2)));
    }
    assert.deepEqual(await inner.similaritySearchVectorWithScore(own, 10), []);
    await store.addVectors([own], [world.document("rain at noon")]);
    assert.equal((await inner.similaritySearchVectorWithScore(own, 10)).length, 1);
  },
};
