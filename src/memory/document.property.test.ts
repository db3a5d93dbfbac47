import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { copyDocument } from "./document.ts";
import { documentContent, type MemoryDocument } from "./index.ts";
import { plainCopy } from "./plain-data.ts";

const limits = { bytesMax: 100_000, depthMax: 8 };
const unpoisoned = (key: string): boolean => !["__proto__", "constructor", "prototype"].includes(key);
/** Few letters, and those that could shift the border between text and metadata, so that collisions would be met. */
const text = fc.string({ unit: fc.constantFrom("a", "\n", "{", "}", '"', "\\", ":", ",", "\u2028"), maxLength: 12 });
const metadata = fc.dictionary(
  text.filter(unpoisoned),
  fc.oneof(text, fc.integer({ max: 3 }), fc.array(text), fc.constant(null)),
  {
    maxKeys: 3,
  },
);
const document: fc.Arbitrary<MemoryDocument> = fc.record({ pageContent: text, metadata });

test("the content of a document says its text and metadata, and both can be told from it", () => {
  fc.assert(
    fc.property(document, (given) => {
      const content = documentContent(given);
      const border = content.lastIndexOf("\n");
      assert.equal(content.slice(0, border), given.pageContent);
      assert.deepEqual(JSON.parse(content.slice(border + 1)), plain(given.metadata));
    }),
  );
});

test("the order of keys makes no difference, any other change does", () => {
  fc.assert(
    fc.property(document, document, (one, other) => {
      const reversed = Object.fromEntries(Object.entries(one.metadata).reverse());
      assert.equal(documentContent({ ...one, metadata: reversed }), documentContent(one));
      const same = one.pageContent === other.pageContent && isDeepEqual(plain(one.metadata), plain(other.metadata));
      assert.equal(documentContent(one) === documentContent(other), same);
    }),
  );
});

test("plain data is copied as JSON would, deeply frozen, and anything else never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const copy = plainCopy(value, limits);
      if (copy === undefined) return assert.match(JSON.stringify(value), /__proto__|constructor|prototype|\\ud[89a-f]/);
      assert.deepEqual(JSON.parse(JSON.stringify(copy)), JSON.parse(JSON.stringify(value)));
      assert.ok(typeof copy !== "object" || Object.isFrozen(copy));
    }),
  );
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }), (value) => {
      plainCopy(value, limits);
      copyDocument(value);
      copyDocument({ pageContent: "x", metadata: value });
    }),
  );
});

test("too deep, too large, cyclic or endless data is refused", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const deep = Array.from({ length: 1000 }).reduce<unknown>((inner) => [inner], 1);
  const endless = new Proxy([], { get: (_, key) => (key === "length" ? Number.MAX_SAFE_INTEGER : 1) });
  const sparse = new Array(2 ** 32 - 1);
  for (const value of [cycle, deep, endless, sparse, "x".repeat(100_001), [["x".repeat(60_000)], "x".repeat(60_000)]])
    assert.equal(plainCopy(value, limits), undefined);
});

/** As JSON has it: no -0, no members without a value. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  try {
    assert.deepStrictEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
