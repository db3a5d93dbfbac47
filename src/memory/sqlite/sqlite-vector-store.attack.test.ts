import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { GuardedStore, HashEmbeddings, type RefusalReason, SqliteVectorStore } from "../index.ts";
import { AGENT, BLOCKED, MemoryWorld } from "../testing.ts";

const directory = mkdtempSync(join(tmpdir(), "ztl-vector-attack-"));
after(() => rmSync(directory, { recursive: true }));

const embeddings = new HashEmbeddings({ dimensions: 32 });
const open = (path: string): SqliteVectorStore => new SqliteVectorStore({ path, embeddings, dimensions: 32 });
const TEXTS = ["rain at noon", "rain at night"];

/** Two admitted documents on disk, then `sql` by someone with access to the file, then a search for both. */
async function afterEditing(name: string, sql: string): Promise<{ texts: string[]; reasons: RefusalReason[] }> {
  const path = join(directory, `${name}.sqlite`);
  const world = new MemoryWorld();
  const guarded = (inner: SqliteVectorStore): GuardedStore =>
    new GuardedStore({ inner, gate: world.gate.vectors(AGENT) });
  const before = open(path);
  await guarded(before).addDocuments(
    TEXTS.map((text, page) => world.document(text, { page })),
    { ids: ["noon", "night"] },
  );
  before.close();
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  const inner = open(path);
  const found = await guarded(inner).searchText("rain", 4);
  inner.close();
  const texts = found.map(([{ pageContent }]) => pageContent).sort();
  return { texts, reasons: world.refusals.map(({ reason }) => reason) };
}

const EDITS: Readonly<Record<string, readonly [string, RefusalReason]>> = {
  text: [`UPDATE document SET text = '${BLOCKED}' WHERE id = 'noon'`, "other-content"],
  metadata: ["UPDATE document SET metadata = json_set(metadata, '$.page', 7) WHERE id = 'noon'", "other-content"],
  "more-metadata": [
    "UPDATE document SET metadata = json_set(metadata, '$.note', 'x') WHERE id = 'noon'",
    "other-content",
  ],
  "no-metadata": ["UPDATE document SET metadata = '{}' WHERE id = 'noon'", "no-admission"],
  "broken-json": ["UPDATE document SET metadata = '{' WHERE id = 'noon'", "no-admission"],
  "a-list": ["UPDATE document SET metadata = '[]' WHERE id = 'noon'", "no-admission"],
  "a-blob": ["UPDATE document SET text = x'00ff' WHERE id = 'noon'", "other-content"],
  proto: [`UPDATE document SET metadata = '{"__proto__":{"x":1}}' WHERE id = 'noon'`, "malformed"],
  agent: [
    `UPDATE document SET metadata = json_set(metadata, '$.ztlAdmission.claims.agent', 'writer') WHERE id = 'noon'`,
    "forged",
  ],
  beside: [
    `UPDATE document SET metadata = json_set(metadata, '$.ztlAdmission.note', '${BLOCKED}') WHERE id = 'noon'`,
    "malformed",
  ],
  id: [`UPDATE document SET id = '${BLOCKED}' WHERE id = 'noon'`, "malformed"],
  "too-large": ["UPDATE document SET text = zeroblob(2000000) WHERE id = 'noon'", "no-admission"],
  gone: ["DELETE FROM document WHERE id = 'noon'", "no-admission"],
  "other-admission": [
    "UPDATE document SET metadata = (SELECT metadata FROM document WHERE id = 'night') WHERE id = 'noon'",
    "other-content",
  ],
  copied: [
    "UPDATE document SET (text, metadata) = (SELECT text, metadata FROM document WHERE id = 'night') WHERE id = 'noon'",
    "replayed",
  ],
};

for (const [name, [sql, reason]] of Object.entries(EDITS))
  test(`a row edited on disk (${name}) does not come out, and the other still does`, async () => {
    assert.deepEqual(await afterEditing(name, sql), { texts: ["rain at night"], reasons: [reason] });
  });

test("a file with a trigger or a view of somebody's is not opened", async () => {
  const additions = [
    `CREATE TRIGGER vector_t AFTER INSERT ON document BEGIN UPDATE document SET text = '${BLOCKED}'; END`,
    "CREATE VIEW vector_v AS SELECT 1",
    "CREATE TABLE more (x)",
    "ALTER TABLE document ADD COLUMN more",
    "PRAGMA user_version = 2",
    "PRAGMA application_id = 1",
  ];
  for (const [index, sql] of additions.entries())
    await assert.rejects(afterEditing(`addition-${index}`, sql), { code: "vector-store-format" });
});
