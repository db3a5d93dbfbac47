import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { BlobState } from "../../base/blob-files.ts";
import { ZtlError } from "../../errors.ts";
import type { BlobStore, EntryFilter, Extent, Group, LedgerStore, StoredEntry, StoredHead } from "./store.ts";

/** A store in memory, to show that the seam holds, and the suite that every store must pass. */

class MemoryBlobs implements BlobStore {
  readonly contents = new Map<string, Uint8Array>();

  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes);
    this.contents.set(sha256, Uint8Array.from(bytes));
    return sha256;
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const bytes = this.contents.get(sha256);
    if (bytes !== undefined && sha256Of(bytes) !== sha256) throw new ZtlError("blob-damaged", "The blob was changed");
    return bytes;
  }

  remove(sha256: string): void {
    this.contents.delete(sha256);
  }

  async check(sha256: string): Promise<BlobState> {
    const bytes = this.contents.get(sha256);
    if (bytes === undefined) return { state: "missing" };
    return sha256Of(bytes) === sha256 ? { state: "whole", sizeBytes: bytes.length } : { state: "damaged" };
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export class MemoryStore implements LedgerStore {
  readonly ledgerId = "00112233445566778899aabbccddeeff";
  readonly blobs = new MemoryBlobs();
  /** Open for tests that tamper. */
  rows: StoredEntry[] = [];
  headRows: StoredHead[] = [];
  note: string | undefined;

  async commit(group: Group): Promise<void> {
    const numberFits = group.head.number === (this.headRows.at(-1)?.number ?? -1) + 1;
    const next = (this.rows.at(-1)?.index ?? -1) + 1;
    if (!numberFits || group.entries.some((entry, i) => entry.index !== next + i)) {
      throw new ZtlError("ledger-moved", "Place the entries again");
    }
    this.rows.push(...group.entries);
    this.headRows.push(group.head);
    this.note = group.head.line;
  }

  erase(frames: readonly Pick<StoredEntry, "index" | "bytes">[]): void {
    const byIndex = new Map(frames.map(({ index, bytes }) => [index, bytes]));
    this.rows = this.rows.map((row) => ({ ...row, bytes: byIndex.get(row.index) ?? row.bytes }));
  }

  extent(): Extent {
    return { head: this.headRows.at(-1), firstIndex: this.rows[0]?.index, lastIndex: this.rows.at(-1)?.index };
  }

  entries(filter: EntryFilter): StoredEntry[] {
    const { runId, agent, kind, since = "", until = "~", fromIndex = -Infinity, toIndex = Infinity } = filter;
    const found = this.rows.filter(
      (row) =>
        (runId === undefined || row.runId === runId) &&
        (agent === undefined || row.agent === agent) &&
        (kind === undefined || row.kind === kind) &&
        row.time >= since &&
        row.time < until &&
        row.index >= fromIndex &&
        row.index < toIndex,
    );
    return (filter.order === "last" ? found.reverse() : found).slice(0, filter.limit);
  }

  hashes(from: number, to: number): Uint8Array {
    return Buffer.concat(this.rows.filter(({ index }) => index >= from && index < to).map(({ hash }) => hash));
  }

  heads(fromNumber: number, limit: number): StoredHead[] {
    return this.headRows.filter(({ number }) => number >= fromNumber).slice(0, limit);
  }

  notedHead(): string | undefined {
    return this.note;
  }

  inspect(): string[] {
    return [];
  }

  close(): void {}
}

const HASH = (n: number): Uint8Array => Buffer.alloc(32, n);

function row(index: number, more: Partial<StoredEntry> = {}): StoredEntry {
  const time = `2026-01-01T00:00:0${index % 10}.000Z`;
  return {
    index,
    hash: HASH(index),
    time,
    kind: "note",
    runId: null,
    agent: null,
    bytes: Buffer.from(`{${index}}`),
    ...more,
  };
}

function group(number: number, entries: readonly StoredEntry[]): Group {
  return { entries, head: { number, line: `head ${number}`, peaks: HASH(200 + number) } };
}

const plain = (rows: readonly StoredEntry[]): unknown[] =>
  rows.map((one) => ({ ...one, hash: Buffer.from(one.hash), bytes: Buffer.from(one.bytes) }));

async function filled(store: LedgerStore): Promise<void> {
  await store.commit(group(0, [row(0, { runId: "a", agent: "x" }), row(1, { runId: "b", kind: "call" })]));
  await store.commit(group(1, [row(2, { runId: "a", kind: "call" })]));
}

/** What every store must do, by name; each begins with a new, empty store. */
const CHECKS: Readonly<Record<string, (store: LedgerStore) => Promise<void>>> = {
  "an empty store has an id and nothing else": async (store) => {
    assert.match(store.ledgerId, /^[0-9a-f]{32}$/);
    assert.deepEqual(store.extent(), { head: undefined, firstIndex: undefined, lastIndex: undefined });
    assert.deepEqual(store.entries({ limit: 10 }), []);
    assert.deepEqual(store.heads(0, 10), []);
    assert.equal(store.hashes(0, 10).length, 0);
    assert.deepEqual(store.inspect(), []);
  },

  "gives back what was committed": async (store) => {
    await filled(store);
    assert.deepEqual(plain(store.entries({ fromIndex: 1, limit: 1 })), plain([row(1, { runId: "b", kind: "call" })]));
    const { head, firstIndex, lastIndex } = store.extent();
    assert.deepEqual([head?.number, head?.line, firstIndex, lastIndex], [1, "head 1", 0, 2]);
    assert.deepEqual(Buffer.from(head?.peaks ?? []), HASH(201));
    assert.deepEqual(
      store.heads(0, 10).map((one) => one.line),
      ["head 0", "head 1"],
    );
    assert.deepEqual(
      store.heads(0, 1).map((one) => one.line),
      ["head 0"],
    );
    assert.deepEqual(Buffer.from(store.hashes(1, 9)), Buffer.concat([HASH(1), HASH(2)]));
    assert.ok([undefined, "head 1"].includes(store.notedHead()));
  },

  "finds by run, agent, kind, time and index, from either end": async (store) => {
    await filled(store);
    const found = (filter: Omit<EntryFilter, "limit">): number[] =>
      store.entries({ ...filter, limit: 10 }).map(({ index }) => index);
    assert.deepEqual(found({ runId: "a" }), [0, 2]);
    assert.deepEqual(found({ agent: "x" }), [0]);
    assert.deepEqual(found({ kind: "call" }), [1, 2]);
    assert.deepEqual(found({ kind: "call", runId: "a" }), [2]);
    assert.deepEqual(found({ since: "2026-01-01T00:00:01.000Z", until: "2026-01-01T00:00:02.000Z" }), [1]);
    assert.deepEqual(found({ fromIndex: 1, toIndex: 3 }), [1, 2]);
    assert.deepEqual(found({ order: "last" }), [2, 1, 0]);
    assert.deepEqual(found({ runId: "' OR 1=1 --" }), []);
    assert.deepEqual(
      store.entries({ order: "last", limit: 2 }).map(({ index }) => index),
      [2, 1],
    );
  },

  "refuses a group that does not follow, and keeps none of it": async (store) => {
    await filled(store);
    for (const wrong of [group(1, [row(3)]), group(3, [row(3)]), group(2, [row(2)]), group(2, [row(3), row(5)])]) {
      await assert.rejects(store.commit(wrong), { code: "ledger-moved" });
    }
    assert.equal(store.extent().lastIndex, 2);
    await store.commit(group(2, [row(3)]));
    assert.equal(store.extent().lastIndex, 3);
  },

  "erases by writing over, and goes on": async (store) => {
    await filled(store);
    const frame = Buffer.from("frame");
    store.erase([{ index: 1, bytes: frame }]);
    assert.deepEqual(
      plain(store.entries({ limit: 9 })),
      plain([
        row(0, { runId: "a", agent: "x" }),
        row(1, { runId: "b", kind: "call", bytes: frame }),
        row(2, { runId: "a", kind: "call" }),
      ]),
    );
    await store.commit(group(2, [row(3)]));
    const sha256 = await store.blobs.put(Buffer.alloc(100_000, 9));
    store.blobs.remove(sha256);
    assert.deepEqual(await store.blobs.check(sha256), { state: "missing" });
  },

  "keeps blobs under their hash": async (store) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("x"), Buffer.alloc(700_000, 7)]) {
      const sha256 = await store.blobs.put(bytes);
      assert.equal(sha256, sha256Of(bytes));
      assert.equal(await store.blobs.put(bytes), sha256);
      assert.deepEqual(Buffer.from((await store.blobs.get(sha256)) ?? []), bytes);
      assert.deepEqual(await store.blobs.check(sha256), { state: "whole", sizeBytes: bytes.length });
    }
    assert.equal(await store.blobs.get("0".repeat(64)), undefined);
    assert.deepEqual(await store.blobs.check("0".repeat(64)), { state: "missing" });
  },
};

/** Registers the tests of the seam for one implementation. */
export function storeConformance(name: string, open: () => LedgerStore): void {
  for (const [what, check] of Object.entries(CHECKS)) {
    test(`${name}: ${what}`, async () => {
      const store = open();
      try {
        await check(store);
      } finally {
        store.close();
      }
    });
  }
}
