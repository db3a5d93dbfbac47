import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalise } from "./canonical-json.ts";

/** RFC 8785 appendix B: IEEE 754 bits and the text they must become. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

test("numbers of RFC 8785 appendix B", () => {
  for (const [bits, text] of NUMBERS) assert.equal(canonicalise(Buffer.from(bits, "hex").readDoubleBE()), text, bits);
});

test("the sample of RFC 8785 section 3.2.2, byte for byte as in section 3.2.4", () => {
  const sample = `{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
    "string":"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}`;
  const expected =
    "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e33333333" +
    "3333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c" +
    "5c5c5c5c222f227d";
  assert.equal(Buffer.from(canonicalise(JSON.parse(sample))).toString("hex"), expected);
});

test("members are sorted by UTF-16 units: RFC 8785 section 3.2.3", () => {
  const sample = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  assert.deepEqual(Object.values(JSON.parse(canonicalise(sample)) as object).slice(1), [
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
  assert.equal(
    canonicalise(sample),
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
      '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  );
});

test("strings are escaped as ECMAScript does: RFC 8785 section 3.2.2.2", () => {
  assert.equal(
    canonicalise('\b\t\n\f\r"\\\u0000\u001f\u007f\u2028é'),
    '"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f\u007f\u2028é"',
  );
});

test("what is not JSON data is refused with its place", () => {
  class Thing {
    readonly a = 1;
  }
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ a: [1, Number.NaN] }, "/a/1"],
    [{ a: Number.POSITIVE_INFINITY }, "/a"],
    [{ a: { "b/c~": 1n } }, "/a/b~1c~0"],
    [[undefined], "/0"],
    [new Array(2), "/0"],
    [undefined, ""],
    [{ a: () => 1 }, "/a"],
    [{ a: Symbol("x") }, "/a"],
    [{ a: new Date(0) }, "/a"],
    [{ a: Buffer.from("x") }, "/a"],
    [{ a: new Thing() }, "/a"],
    [{ a: "\ud800" }, "/a"],
    [{ "\udc00": 1 }, "/\udc00"],
  ];
  for (const [value, place] of wrong) {
    assert.throws(
      () => canonicalise(value),
      (error: { code: string; details: { place: string }; message: string }) =>
        error.code === "json-unsupported" && error.details.place === place && error.message.isWellFormed(),
      String(place),
    );
  }
});

test("depth, size and cycles are bounded", () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  assert.equal(canonicalise(nested(100)), `${"[".repeat(100)}1${"]".repeat(100)}`);
  assert.throws(() => canonicalise(nested(101)), { code: "json-too-deep" });
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  assert.throws(() => canonicalise(cycle), { code: "json-too-deep" });
  const limits = { bytesMax: 10, depthMax: 5 };
  assert.equal(canonicalise("12345678", limits), '"12345678"');
  assert.throws(() => canonicalise("123456789", limits), { code: "json-too-large" });
  assert.throws(() => canonicalise("ééééé", limits), { code: "json-too-large" });
  assert.throws(() => canonicalise("x".repeat(2 ** 28)), { code: "json-too-large" });
  assert.throws(() => canonicalise(new Array(2 ** 32 - 1)), { code: "json-too-large" });
});

test("members named like parts of JavaScript's objects are plain data", () => {
  const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2}') as unknown;
  assert.equal(canonicalise(value), '{"__proto__":{"polluted":true},"constructor":1,"toString":2}');
  assert.equal(canonicalise(Object.assign(Object.create(null), { b: 1, a: undefined })), '{"b":1}');
});
