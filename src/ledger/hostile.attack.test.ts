import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalise } from "../base/canonical-json.ts";
import type { Json } from "../base/json.ts";
import { ENTRY_BYTES_MAX } from "./limits.ts";
import { type EntryDraft, entryAt, parseEntry, sealDraft, signedText } from "./record/entry.ts";
import { hex } from "./record/hex.ts";
import { placeDraft } from "./record/place.ts";
import { memoryLedger } from "./testing.ts";

/** Bodies that an agent, a tool or a bug may hand over. */

const call = (input: unknown): EntryDraft => ({ kind: "call", body: { tool: "t", input: input as Json } });

function nested(levels: number): unknown {
  let value: unknown = "bottom";
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

test("what cannot be recorded exactly is refused with its reason, and the ledger goes on", async () => {
  const { ledger } = await memoryLedger(1);
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const wrong: readonly (readonly [unknown, string])[] = [
    [call("x".repeat(ENTRY_BYTES_MAX)), "json-too-large"],
    [call(Array.from({ length: 300_000 }, () => "abc")), "json-too-large"],
    [call(nested(99)), "json-too-deep"],
    [call(nested(100_000)), "json-too-deep"],
    [call(cyclic), "json-too-deep"],
    [call("\ud800"), "json-unsupported"],
    [call({ "\udfff": 1 }), "json-unsupported"],
    [call(Number.NaN), "json-unsupported"],
    [call(new Map()), "json-unsupported"],
    [call(Buffer.from("x")), "json-unsupported"],
    [call({ toJSON: () => "other" }), "json-unsupported"],
    [{ kind: "call", body: { tool: "t", inptu: 1 } }, "entry-invalid"],
    [{ kind: "call", body: { tool: "" } }, "entry-invalid"],
    [{ kind: "call", body: [] }, "entry-invalid"],
    [{ kind: "call" }, "entry-invalid"],
    [{ kind: "toString", body: {} }, "entry-invalid"],
    [{ kind: "__proto__", body: {} }, "entry-invalid"],
    [{ kind: "note", body: { text: "x" }, index: 5 }, "entry-invalid"],
    [{ kind: "note", body: { text: "x" }, previousHash: "x" }, "entry-invalid"],
    [{ kind: "note", body: { text: "x" }, runId: "\ud800" }, "entry-invalid"],
    [{ kind: "note", body: { text: "x" }, agent: "" }, "entry-invalid"],
    [{ kind: "note", body: { text: "x" }, agent: "x".repeat(2000) }, "entry-invalid"],
    [{ kind: "note", body: JSON.parse('{"text":"x","__proto__":{"a":1}}') as unknown }, "entry-invalid"],
    [undefined, "entry-invalid"],
    ["note", "entry-invalid"],
  ];
  for (const [i, [draft, code]] of wrong.entries()) {
    await assert.rejects(ledger.append(draft as EntryDraft), { code }, `draft ${i}`);
  }
  await ledger.append(call("fine"));
  assert.equal(ledger.query().length, 2);
  assert.ok((await ledger.verify()).ok);
});

test("strange but lawful input is recorded exactly", async () => {
  const { ledger } = await memoryLedger(0);
  const strange: readonly unknown[] = [
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"hasOwnProperty":0,"":""}'),
    nested(97),
    "x".repeat(ENTRY_BYTES_MAX - 100),
    "\u0000\u0001\u001b[31m\u202e\u200b\ufeff\u2028\ufffe\uffff\u{10ffff}e\u0301",
    [[], {}, null, true, -0, 5e-324, 1.7976931348623157e308],
    { "\n": 1, "\u202e": 2, "\ufb01": 3, fi: 4 },
  ];
  for (const input of strange) await ledger.append(call(input));
  for (const [i, input] of strange.entries()) {
    const { body } = ledger.entry(i) as { body: { input: unknown } };
    assert.equal(canonicalise(body.input), canonicalise(input), `input ${i}`);
  }
  assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
  assert.ok((await ledger.verify()).ok);
});

test("a record of many names cannot lose one: names that schemas pass over are kept or refused", async () => {
  const { ledger } = await memoryLedger(0);
  const empty = await ledger.keep(Buffer.alloc(0));
  const timingsMs = JSON.parse('{"__proto__":1,"total":2}') as Record<string, number>;
  const draft: EntryDraft = {
    kind: "run",
    body: { status: "ok", exitCode: 0, stdout: empty, stderr: empty, timingsMs },
  };
  try {
    await ledger.append(draft);
    assert.match(canonicalise(ledger.entry(0)?.body), /"__proto__":1/);
  } catch (error) {
    assert.equal((error as { code: string }).code, "entry-invalid");
  }
  assert.ok((await ledger.verify()).ok);
});

test("an entry assembled around its body is canonical JSON, and reads back", () => {
  const short = fc.string({ minLength: 1, maxLength: 20, unit: "binary" });
  fc.assert(
    fc.property(
      fc.jsonValue({ stringUnit: "binary", maxDepth: 5 }),
      fc.option(short, { nil: undefined }),
      fc.option(short, { nil: undefined }),
      fc.nat(),
      (input, runId, agent, index) => {
        const sealed = sealDraft({ ...call(input), runId, agent }, "2026-01-01T00:00:00.000Z");
        const previous = Buffer.alloc(32, index);
        const { bytes, hash, salt } = placeDraft(sealed, index, previous);
        const entry = entryAt(sealed, { index, previousHash: hex(previous), hash: hex(hash), salt });
        const signed = signedText(entry);
        assert.equal(Buffer.from(bytes).toString(), `${signed.text}\n${signed.sealed}`);
        assert.equal(signed.hash, entry.hash);
        const { body: _, ...frame } = JSON.parse(signed.text);
        assert.equal(signed.text, canonicalise(frame));
        assert.deepEqual(parseEntry(bytes), entry);
      },
    ),
    { numRuns: 500 },
  );
});
