import assert from "node:assert/strict";
import type { EntryDraft } from "../../src/ledger/index.ts";
import { memoryLedger } from "../../src/ledger/testing.ts";
import type { Attack } from "../attack.ts";

const input = (value: unknown): unknown => ({ kind: "call", body: { tool: "t", input: value } });
const DRAFTS: readonly unknown[] = [
  input({ toJSON: () => "something else" }),
  input("\ud800"),
  input(Number.NaN),
  input(new Map([["a", 1]])),
  input("x".repeat(2 ** 22)),
  { kind: "note", body: { text: "x" }, index: 0 },
  { kind: "note", body: { text: "x" }, previousHash: "0".repeat(64) },
  { kind: "note", body: { text: "x" }, time: "2000-01-01T00:00:00.000Z" },
  { kind: "__proto__", body: {} },
  JSON.parse('{"kind":"note","body":{"text":"x","__proto__":{"polluted":true}}}'),
];

export const attack: Attack = {
  promise: 41,
  must: "What cannot be recorded as it is, or brings its own place in the chain, is refused, and the ledger goes on.",
  quick: true,
  async run() {
    const { ledger } = await memoryLedger(1);
    for (const [index, draft] of DRAFTS.entries())
      await assert.rejects(ledger.append(draft as EntryDraft), `draft ${index}`);
    await ledger.append({ kind: "note", body: { text: "fine" }, agent: "a", runId: "r" });
    assert.equal(ledger.query().length, 2);
    assert.ok((await ledger.verify()).ok);
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
  },
};
