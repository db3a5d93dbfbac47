import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { deepFreeze } from "./deep-freeze.ts";
import { isJsonObject } from "./json.ts";
import { defined } from "./optional.ts";
import { isWithin } from "./paths.ts";
import { isRecord } from "./record.ts";
import { errorCode, unless } from "./system-error.ts";
import { characterStart } from "./utf8.ts";

describe("defined", () => {
  test("leaves out what is undefined and nothing else, in order", () => {
    const value: { a: number; b?: string | undefined; c: null; d: false; e: string | undefined } = {
      a: 0,
      b: undefined,
      c: null,
      d: false,
      e: "",
    };
    assert.deepEqual(Object.entries(defined(value)), Object.entries({ a: 0, c: null, d: false, e: "" }));
    const typed: { a: number; b?: string; c: null; d: false; e?: string } = defined(value);
    assert.ok(!("b" in typed));
  });

  test("spread, it is what the long form was", () => {
    fc.assert(
      fc.property(fc.option(fc.integer(), { nil: undefined }), fc.option(fc.string(), { nil: undefined }), (x, y) => {
        const long = { ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) };
        assert.deepEqual(Object.entries({ ...defined({ x, y }) }), Object.entries(long));
      }),
    );
  });
});

test("deepFreeze freezes all levels and gives the same object", () => {
  const value = { a: [{ b: 1 }], c: "text", d: null };
  assert.equal(deepFreeze(value), value);
  assert.ok([value, value.a, value.a[0]].every(Object.isFrozen));
  assert.equal(deepFreeze(7), 7);
});

test("isWithin: a directory, what is below it, and nothing that only begins alike", () => {
  for (const [path, directory] of [
    ["/a", "/a"],
    ["/a/b", "/a"],
    ["/a/b/c", "/a"],
    ["/", "/"],
    ["/a", "/"],
  ] as const)
    assert.ok(isWithin(path, directory), `${path} in ${directory}`);
  for (const [path, directory] of [
    ["/ab", "/a"],
    ["/", "/a"],
    ["/a", "/a/b"],
    ["/b/a", "/a"],
    ["/a.", "/a"],
  ] as const)
    assert.ok(!isWithin(path, directory), `${path} not in ${directory}`);
});

test("characterStart never tears a character apart, and is at most three bytes off", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 20 }), fc.nat(90), (text, at) => {
      const bytes = Buffer.from(text.toWellFormed(), "utf8");
      const start = characterStart(bytes, at);
      assert.ok(
        !bytes.subarray(0, start).toString("utf8").includes("\ufffd") || text.toWellFormed().includes("\ufffd"),
      );
      assert.equal(
        bytes.subarray(0, start).toString("utf8") + bytes.subarray(start).toString("utf8"),
        text.toWellFormed(),
      );
      assert.ok(start <= Math.min(at, bytes.length) && Math.min(at, bytes.length) - start <= 3);
    }),
  );
  assert.equal(characterStart(Buffer.alloc(10, 0x80), 8), 5);
  assert.equal(characterStart(Buffer.from("é"), -1), 0);
});

test("a record is an object with members", () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) assert.ok(isRecord(value));
  for (const value of [null, undefined, [], "x", 1, () => {}]) assert.ok(!isRecord(value));
  assert.ok(isJsonObject({}) && !isJsonObject([]) && !isJsonObject(null) && !isJsonObject(undefined));
});

test("errors of the system have codes, others none", () => {
  assert.equal(errorCode(Object.assign(new Error("x"), { code: "ENOENT" })), "ENOENT");
  for (const value of [new Error("x"), { code: "ENOENT" }, undefined, null]) assert.equal(errorCode(value), undefined);
  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(code), { code });
  };
  assert.equal(unless(["ENOENT"], failing("ENOENT")), undefined);
  assert.throws(() => unless(["ENOENT"], failing("EACCES")), { code: "EACCES" });
  assert.equal(
    unless([], () => 7),
    7,
  );
});
