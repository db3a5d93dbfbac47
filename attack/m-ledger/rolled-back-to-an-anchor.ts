import assert from "node:assert/strict";
import { verify } from "../../src/ledger/index.ts";
import { memoryLedger, noteDraft } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 41,
  must: "A ledger put back whole to an earlier state is found by a head that was kept elsewhere.",
  quick: true,
  async run() {
    const { store, ledger, key } = await memoryLedger(6);
    const before = { rows: [...store.rows], headRows: [...store.headRows], note: store.note };
    await ledger.append(noteDraft("what should not have happened"));
    const anchor = store.note ?? "";
    Object.assign(store, before);
    assert.ok((await verify(store, { publicKey: key.publicKey })).ok, "by itself it looks whole");
    assert.ok(!(await verify(store, { publicKey: key.publicKey, anchor })).ok, "with the anchor it does not");
  },
};
