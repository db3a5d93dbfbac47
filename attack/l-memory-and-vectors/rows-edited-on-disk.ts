import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GuardedStore, HashEmbeddings, SqliteVectorStore } from "../../src/index.ts";
import { AGENT, BLOCKED, MemoryWorld } from "../../src/memory/testing.ts";
import type { Attack } from "../attack.ts";

const EDITS = [
  `UPDATE document SET text = '${BLOCKED}' WHERE id = 'noon'`,
  `UPDATE document SET text = text || ' ' WHERE id = 'noon'`,
  "UPDATE document SET metadata = json_set(metadata, '$.source', 'handbook') WHERE id = 'noon'",
  "UPDATE document SET metadata = json_remove(metadata, '$.ztlAdmission') WHERE id = 'noon'",
  "UPDATE document SET metadata = json_set(metadata, '$.ztlAdmission.claims.agent', 'writer') WHERE id = 'noon'",
  "UPDATE document SET metadata = json_set(metadata, '$.ztlAdmission.claims.expiresAt', 9e15) WHERE id = 'noon'",
  "UPDATE document SET metadata = (SELECT metadata FROM document WHERE id = 'night') WHERE id = 'noon'",
  "UPDATE document SET text = zeroblob(3000000) WHERE id = 'noon'",
  "UPDATE document SET metadata = '{' WHERE id = 'noon'",
];

export const attack: Attack = {
  promise: 34,
  must: "A row that somebody changed in the store's file does not come out of it, and the row beside it still does.",
  quick: true,
  async run(stage) {
    const embeddings = new HashEmbeddings({ dimensions: 32 });
    for (const [index, sql] of EDITS.entries()) {
      const world = new MemoryWorld();
      const path = join(stage.directory, `store-${index}.sqlite`);
      const open = () => {
        const inner = new SqliteVectorStore({ path, embeddings, dimensions: 32 });
        return { inner, store: new GuardedStore({ inner, gate: world.gate.vectors(AGENT) }) };
      };
      const first = open();
      const documents = ["rain at noon", "rain at night"].map((text) => world.document(text, { page: 1 }));
      await first.store.addDocuments(documents, { ids: ["noon", "night"] });
      first.inner.close();
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      const second = open();
      const found = await second.store.searchText("rain", 4);
      second.inner.close();
      assert.deepEqual(
        found.map(([{ pageContent }]) => pageContent),
        ["rain at night"],
        sql,
      );
    }
  },
};
