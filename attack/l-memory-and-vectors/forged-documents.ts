import assert from "node:assert/strict";
import { GuardedStore, HashEmbeddings, type MemoryDocument, SqliteVectorStore } from "../../src/index.ts";
import { AGENT, BAD_DOCUMENTS, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 33,
  must: "No document enters a vector store by any of its ways in without its own admission, beside a good one or alone.",
  quick: true,
  async run() {
    for (const [name, { forge }] of Object.entries(BAD_DOCUMENTS)) {
      const world = new MemoryWorld();
      const embeddings = new HashEmbeddings({ dimensions: 32 });
      const inner = new SqliteVectorStore({ path: ":memory:", embeddings, dimensions: 32 });
      const store = new GuardedStore({ inner, gate: world.gate.vectors(AGENT) });
      const bad = forge(world) as MemoryDocument;
      const vector = await embeddings.embedQuery("x");
      await assert.rejects(store.addDocuments([bad]), `${name} alone`);
      await assert.rejects(store.addVectors([vector], [bad]), `${name} with a vector`);
      assert.deepEqual(await inner.similaritySearchVectorWithScore(vector, 10), [], name);
    }
  },
};
