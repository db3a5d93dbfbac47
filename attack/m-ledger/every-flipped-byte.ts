import assert from "node:assert/strict";
import { verify } from "../../src/ledger/index.ts";
import type { StoredEntry } from "../../src/ledger/store/store.ts";
import { memoryLedger } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

const ENTRIES = 5;

export const attack: Attack = {
  promise: 41,
  must: "A bit flipped in any byte of any entry is found, with the entry's place.",
  quick: true,
  async run() {
    const { store, key } = await memoryLedger(ENTRIES);
    for (const [index, row] of store.rows.entries()) {
      for (let at = 0; at < row.bytes.length; at++) {
        const bytes = Uint8Array.from(row.bytes);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        store.rows[index] = { ...row, bytes } as StoredEntry;
        const result = await verify(store, { publicKey: key.publicKey });
        assert.ok(!result.ok && result.problem.index === index, `entry ${index}, byte ${at}`);
      }
      store.rows[index] = row;
    }
    assert.ok((await verify(store, { publicKey: key.publicKey })).ok);
  },
};
