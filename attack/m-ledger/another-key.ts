import assert from "node:assert/strict";
import { verify } from "../../src/ledger/index.ts";
import { memoryLedger } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 41,
  must: "A ledger that was written anew with another key, or whose heads are another ledger's, does not verify.",
  quick: true,
  async run() {
    const [own, other] = [await memoryLedger(6), await memoryLedger(6)];
    assert.ok(!(await verify(other.store, { publicKey: own.key.publicKey })).ok, "another key's ledger");
    own.store.headRows = other.store.headRows;
    assert.ok(!(await verify(own.store, { publicKey: own.key.publicKey })).ok, "another ledger's heads");
    own.store.note = other.store.note;
    assert.ok(!(await verify(own.store, { publicKey: own.key.publicKey })).ok, "another ledger's heads and note");
    assert.ok(!(await verify(own.store, { publicKey: other.key.publicKey })).ok, "own entries under another's heads");
  },
};
