import assert from "node:assert/strict";
import { verify } from "../../src/ledger/index.ts";
import type { StoredEntry } from "../../src/ledger/store/store.ts";
import { memoryLedger } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

type Move = (rows: StoredEntry[]) => StoredEntry[];
const ENTRIES = 8;
const MOVES: Readonly<Record<string, Move>> = {
  "the first left out": (rows) => rows.slice(1),
  "one left out": (rows) => rows.filter((_, index) => index !== 3),
  "the last left out": (rows) => rows.slice(0, -1),
  "half left out": (rows) => rows.slice(0, ENTRIES / 2),
  "all left out": () => [],
  "two swapped": (rows) => rows.with(2, rows[3] as StoredEntry).with(3, rows[2] as StoredEntry),
  reversed: (rows) => rows.toReversed(),
  "one repeated": (rows) => rows.toSpliced(4, 0, rows[4] as StoredEntry),
  "one replaced by another": (rows) => rows.with(5, rows[6] as StoredEntry),
};

export const attack: Attack = {
  promise: 41,
  must: "Entries left out, repeated, swapped or reversed are found, with the numbers kept or made to fit.",
  quick: true,
  async run() {
    for (const [name, move] of Object.entries(MOVES)) {
      for (const isRenumbered of [false, true]) {
        const { store, key } = await memoryLedger(ENTRIES);
        const rows = move(store.rows);
        store.rows = isRenumbered ? rows.map((row, index) => ({ ...row, index })) : rows;
        const result = await verify(store, { publicKey: key.publicKey });
        assert.ok(!result.ok, `${name}${isRenumbered ? ", renumbered" : ""}`);
      }
    }
  },
};
