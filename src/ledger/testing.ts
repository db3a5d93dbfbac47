import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Ledger } from "./ledger.ts";
import type { EntryDraft } from "./record/entry.ts";
import { generateSigningKey, type SigningKey } from "./store/signing-key.ts";
import { MemoryStore } from "./store/testing.ts";

/** A directory that is gone after the test. */
export function temporaryDirectory(t: Pick<TestContext, "after">): string {
  const directory = mkdtempSync(join(tmpdir(), "ztl-ledger-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function noteDraft(text: string, runId?: string): EntryDraft {
  return { kind: "note", body: { text }, runId, agent: "tester" };
}

/** A ledger in memory with so many entries, in groups of one to three. */
export async function memoryLedger(count: number, key: SigningKey = generateSigningKey()) {
  const store = new MemoryStore();
  const ledger = new Ledger(store, key);
  for (let i = 0; i < count; ) {
    const size = Math.min(count - i, 1 + (i % 3));
    await Promise.all(
      Array.from({ length: size }, (_, k) => ledger.append(noteDraft(`step ${i + k}`, `run-${i % 4}`))),
    );
    i += size;
  }
  return { store, ledger, key };
}
