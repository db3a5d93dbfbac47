import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalise } from "./canonical-json.ts";

const json = fc.jsonValue({ stringUnit: "binary", maxDepth: 6 });

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).map(([key, inner]) => [key, shuffled(inner)] as const);
  const out: Record<string, unknown> = {};
  for (const [key, inner] of pairs.reverse()) {
    Object.defineProperty(out, key, { value: inner, enumerable: true, configurable: true, writable: true });
  }
  return out;
}

test("the text means the value, and is its own canonical form", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalise(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalise(JSON.parse(text)), text);
    }),
    { numRuns: 500 },
  );
});

test("the order in which members were added does not matter", () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.equal(canonicalise(shuffled(value)), canonicalise(value));
    }),
    { numRuns: 500 },
  );
});

test("different values have different texts", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const same = JSON.stringify(shuffled(a)) === JSON.stringify(shuffled(b));
      if (canonicalise(a) === canonicalise(b))
        assert.deepEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
      else assert.ok(!same);
    }),
  );
});

test("anything at all is either written or refused with a code", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withTypedArray: true }),
      (value) => {
        try {
          JSON.parse(canonicalise(value));
        } catch (error) {
          assert.match((error as { code: string }).code, /^json-/);
        }
      },
    ),
    { numRuns: 500 },
  );
});
