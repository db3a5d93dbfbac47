import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalise } from "./canonical-json.ts";
import { parseJson } from "./strict-json.ts";

const LIMITS = { bytesMax: 1024 * 1024, depthMax: 20 };

const refused = (source: string | Uint8Array, code: string): void =>
  assert.throws(() => parseJson(source, LIMITS), { code }, String(source));

test("a name that stands twice in an object is refused and named, however it is spelt", () => {
  const twice: readonly (readonly [string, string])[] = [
    ['{"a":1,"a":1}', "a"],
    ['{"x":{"b":1,"c":[{"b":2}],"\\u0062":3}}', "b"],
    ['[1,{"":0,"":0}]', ""],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['{"1":0,"1":0}', "1"],
    ['{"a\\"b":0,"a\\u0022b":0}', 'a"b'],
    ['{"\\\\":0,"\\u005c":0}', "\\"],
    ['{"a": {"a": {}}, "b" : 1 , "a"\n: 2}', "a"],
  ];
  for (const [text, name] of twice) {
    assert.throws(
      () => parseJson(text, LIMITS),
      (error: { code: string; details: { name: string } }) =>
        error.code === "json-duplicate-name" && error.details.name === name,
      text,
    );
  }
});

test("the same name in different objects, and colons and braces in strings, are no duplicates", () => {
  for (const text of [
    '{"a":{"a":{"a":[{"a":1},{"a":1}]}}}',
    '{"a":":","b":"{\\"a\\":1,\\"a\\":2}"}',
    '":::{{{[[["',
    '"\\\\"',
  ])
    assert.deepEqual(parseJson(text, LIMITS), JSON.parse(text));
});

test("__proto__ is a member like any other and changes no prototype", () => {
  const value = parseJson('{"__proto__":{"isAdmin":true},"constructor":1}', LIMITS) as { isAdmin?: boolean };
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(value.isAdmin, undefined);
  assert.equal({ ...value }.isAdmin, undefined);
});

test("what is not JSON is refused", () => {
  for (const text of [
    "",
    " ",
    "{",
    "[1,]",
    '{"a"}',
    "{a:1}",
    "'a'",
    "01",
    "NaN",
    "undefined",
    '"\n"',
    "1 2",
    "\ufeff1",
    "]",
    '"',
  ])
    refused(text, "json-malformed");
  refused(Buffer.from([0x22, 0xff, 0x22]), "json-malformed");
  refused(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "json-malformed");
});

test("lone surrogates are refused in strings and names, unless they are allowed", () => {
  for (const text of ['"\\ud800"', '{"\\udc00":1}', '["a",{"b":"x\\ud83dy"}]', '"\ud800"']) {
    refused(text, "json-unsupported");
    assert.deepEqual(parseJson(text, { ...LIMITS, loneSurrogates: "allow" }), JSON.parse(text));
  }
  assert.equal(parseJson('"\\ud83d\\ude00"', LIMITS), "😀");
});

test("numbers beyond a double are refused, wherever they stand", () => {
  for (const text of ["1e999", "-1e999", "[1e400]", '{"a":[{"b":-1e309}]}']) {
    refused(text, "json-unsupported");
    assert.throws(() => parseJson(text, { ...LIMITS, loneSurrogates: "allow" }), { code: "json-unsupported" }, text);
  }
  for (const text of ["1e308", "-0", "1e-999", "9007199254740993"])
    assert.equal(parseJson(text, LIMITS), JSON.parse(text));
});

test("depth and size are bounded before anything is made of the text", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  assert.equal(canonicalise(parseJson(nested(20), LIMITS)), nested(20));
  refused(nested(21), "json-too-deep");
  refused("[".repeat(1_000_000), "json-too-deep");
  refused('{"a":'.repeat(100_000), "json-too-deep");
  const limits = { bytesMax: 10, depthMax: 5 };
  assert.equal(parseJson('"12345678"', limits), "12345678");
  assert.throws(() => parseJson('"123456789"', limits), { code: "json-too-large" });
  assert.throws(() => parseJson('"ééééé"', limits), { code: "json-too-large" });
  assert.throws(() => parseJson(new Uint8Array(11), limits), { code: "json-too-large" });
});

test("whatever JSON.stringify writes is read as JSON.parse reads it, from text and from bytes", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary", maxDepth: 6 }), fc.constantFrom(0, 1, 4), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseJson(text, LIMITS), JSON.parse(text));
      assert.deepEqual(parseJson(Buffer.from(text), LIMITS), JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("any text is refused with a code, or read as JSON.parse reads it with nothing lost", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    '"a"',
    '"b"',
    "1",
    "null",
    " ",
    '"a":1',
    "\\u0061",
    "\ud800",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      try {
        const value = parseJson(text, LIMITS);
        assert.deepEqual(value, JSON.parse(text));
        // Not a name was dropped: the text without its spaces is the value's own.
        assert.equal(JSON.stringify(value).length, JSON.stringify(JSON.parse(text)).length);
      } catch (error) {
        assert.match((error as { code: string }).code, /^json-/);
      }
    }),
    { numRuns: 3000 },
  );
});

test("of two objects with a common name, written as one, nothing is read", () => {
  const record = fc.dictionary(fc.string({ unit: "binary", minLength: 1 }), fc.integer(), { minKeys: 1 });
  fc.assert(
    fc.property(record, record, (one, other) => {
      const inner = (value: object): string => JSON.stringify(value).slice(1, -1);
      const both = { ...one, ...other };
      const hasCommon = Object.keys(both).length < Object.keys(one).length + Object.keys(other).length;
      const text = `{${inner(one)},${inner(other)}}`;
      if (hasCommon) refused(text, "json-duplicate-name");
      else assert.deepEqual(parseJson(text, LIMITS), JSON.parse(text));
      refused(`{${inner(one)},${inner(one)}}`, "json-duplicate-name");
    }),
  );
});
