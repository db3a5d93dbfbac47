import assert from "node:assert/strict";
import { GuardedStore, HashEmbeddings, SqliteVectorStore } from "../../src/index.ts";
import { AGENT, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 34,
  must: "An agent finds nothing of another's in a store they share, unless it was shared with it, and writes nothing in its name.",
  quick: true,
  async run() {
    const world = new MemoryWorld();
    const embeddings = new HashEmbeddings({ dimensions: 32 });
    const inner = new SqliteVectorStore({ path: ":memory:", embeddings, dimensions: 32 });
    const storeOf = (agent: string, sharedWith: readonly string[] = []) =>
      new GuardedStore({ inner, gate: world.gate.vectors(agent), sharedWith });
    await storeOf(AGENT).addDocuments([world.document("the salary is 5,000")]);
    assert.deepEqual(await storeOf("writer").searchText("salary", 5), []);
    assert.equal((await storeOf("writer", [AGENT]).searchText("salary", 5)).length, 1);
    await assert.rejects(storeOf("writer", [AGENT]).addDocuments([world.document("in another's name")]));
    for (const agent of ["", `${AGENT}\0`, "RESEARCHER", "*"]) {
      const found = await Promise.resolve()
        .then(() => storeOf(agent).searchText("salary", 5))
        .catch(() => []);
      assert.deepEqual(found, [], JSON.stringify(agent));
    }
  },
};
