import assert from "node:assert/strict";
import { checkConsistency, checkInclusion } from "../../src/ledger/index.ts";
import { memoryLedger, noteDraft } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 41,
  must: "A proof about another entry, with another path, place or head, proves nothing to somebody who has only the key.",
  quick: true,
  async run() {
    const { ledger, key } = await memoryLedger(9);
    const early = ledger.head();
    await ledger.append(noteDraft("one more"));
    const proof = ledger.proveInclusion(4);
    assert.ok(checkInclusion(proof, key.publicKey).ok);
    const entry = { ...proof.entry, body: { text: "nothing happened" } } as typeof proof.entry;
    const flipped = proof.path.map((hash, index) =>
      index === 0 ? hash.replace(/^./, (c) => (c === "0" ? "1" : "0")) : hash,
    );
    const forgeries = [
      { ...proof, entry },
      { ...proof, entry: { ...proof.entry, index: 5 } },
      { ...proof, path: flipped },
      { ...proof, path: proof.path.slice(1) },
      { ...proof, path: [...proof.path, "0".repeat(64)] },
      { ...proof, path: [] },
      { ...proof, head: { ...proof.head, line: proof.head.line.replace(/size=\d+/, "size=5") } },
      { ...proof, head: early ?? proof.head, path: proof.path.slice(0, -1) },
    ];
    for (const [index, forged] of forgeries.entries())
      assert.ok(!checkInclusion(forged, key.publicKey).ok, `forgery ${index}`);
    const { key: other } = await memoryLedger(1);
    assert.ok(!checkInclusion(proof, other.publicKey).ok);
    assert.ok(!checkConsistency({ from: proof.head, to: proof.head, path: ["0".repeat(64)] }, key.publicKey).ok);
  },
};
