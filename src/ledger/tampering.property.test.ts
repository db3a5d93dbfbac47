import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generateSigningKey } from "./store/signing-key.ts";
import type { StoredEntry, StoredHead } from "./store/store.ts";
import { MemoryStore } from "./store/testing.ts";
import { memoryLedger } from "./testing.ts";
import { verify } from "./verify.ts";

/** Any mixture of tamperings with what a store holds, by someone without the key. */

const key = generateSigningKey();
const { store: original } = await memoryLedger(12, key);
/** Entries, heads and note of another ledger of the same key, to take pieces from. */
const { store: other } = await memoryLedger(12, key);

type Tampering = (store: MemoryStore, a: number, b: number) => void;

function flipIn(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << (bit % 8)) : byte));
}

function at<T>(rows: readonly T[], place: number): number {
  return rows.length === 0 ? 0 : place % rows.length;
}

function change<T>(rows: T[], place: number, how: (row: T) => T): void {
  const row = rows[at(rows, place)];
  if (row !== undefined) rows[at(rows, place)] = how(row);
}

const TAMPERINGS: readonly Tampering[] = [
  ({ rows }, a, b) => change<StoredEntry>(rows, a, (row) => ({ ...row, bytes: flipIn(row.bytes, b, a) })),
  ({ rows }, a, b) => change<StoredEntry>(rows, a, (row) => ({ ...row, hash: flipIn(row.hash, b, a) })),
  ({ rows }, a, b) => change<StoredEntry>(rows, a, (row) => ({ ...row, bytes: row.bytes.slice(0, b % 300) })),
  ({ rows }, a, b) => change<StoredEntry>(rows, a, (row) => ({ ...row, index: b % 20 })),
  ({ rows }, a) => change<StoredEntry>(rows, a, (row) => ({ ...row, runId: null })),
  ({ rows }, a) => rows.splice(at(rows, a), 1),
  ({ rows }, a, b) => rows.splice(at(rows, a), 0, other.rows[b % 12] as StoredEntry),
  ({ rows }, a, b) => change<StoredEntry>(rows, a, () => other.rows[b % 12] as StoredEntry),
  (store, a) => {
    store.rows.length = at(store.rows, a);
  },
  ({ rows }, a, b) => rows.push(...rows.splice(at(rows, a), b % 5)),
  (store) => {
    store.rows = store.rows.map((row, index) => ({ ...row, index }));
  },
  ({ headRows }, a) => headRows.splice(at(headRows, a), 1),
  ({ headRows }, a, b) => change<StoredHead>(headRows, a, () => other.headRows[at(other.headRows, b)] as StoredHead),
  ({ headRows }, a, b) => change<StoredHead>(headRows, a, (row) => ({ ...row, peaks: flipIn(row.peaks, b, a) })),
  (store) => {
    store.headRows = store.headRows.map((row, number) => ({ ...row, number }));
  },
  (store) => {
    store.note = other.note;
  },
];

const comparable = ({ rows, headRows, note }: MemoryStore): string =>
  JSON.stringify([rows, headRows, note], (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  );
const untouched = comparable(original);

test("whatever mixture of tamperings, verify finds it unless nothing was changed", async () => {
  const step = fc.tuple(fc.nat(TAMPERINGS.length - 1), fc.nat(10_000), fc.nat(10_000));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      const store = new MemoryStore();
      store.rows = [...original.rows];
      store.headRows = [...original.headRows];
      store.note = original.note;
      for (const [which, a, b] of steps) (TAMPERINGS[which] as Tampering)(store, a, b);
      // A table is kept by its key: the order in which a list holds the rows is no part of it.
      store.rows.sort((one, two) => one.index - two.index);
      store.headRows.sort((one, two) => one.number - two.number);
      const anchor = original.headRows.at(-1)?.line as string;
      const result = await verify(store, { publicKey: key.publicKey, anchor });
      assert.equal(result.ok, comparable(store) === untouched, JSON.stringify(result));
    }),
    { numRuns: 1500 },
  );
});
