import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { SqliteStore } from "./sqlite-store.ts";
import { MemoryStore, storeConformance } from "./testing.ts";

const root = mkdtempSync(join(tmpdir(), "ztl-store-"));
after(() => rmSync(root, { recursive: true, force: true }));
let stores = 0;

storeConformance("memory", () => new MemoryStore());
storeConformance("SQLite", () => new SqliteStore({ directory: join(root, String(stores++)) }));
