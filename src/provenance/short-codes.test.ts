import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { DecodingBudget } from "./decoding-budget.ts";
import { INFLATED_BYTES_MAX } from "./limits.ts";
import { shortCodes } from "./short-codes.ts";
import { viewsOf } from "./views.ts";

const KIB = 1024;

/** A few letters that stand for so many bytes. */
const bomb = (bytes: number, pack: (text: string) => Buffer = deflateSync): string =>
  pack("a".repeat(bytes)).toString("base64");

test("what is inflated is paid for, also where nothing comes of it", () => {
  for (const pack of [deflateSync, gzipSync]) {
    const text = `${`${bomb(INFLATED_BYTES_MAX + 1, pack)} `.repeat(20)}${Buffer.from("after all of them").toString("base64")}`;
    const budget = new DecodingBudget(10 * INFLATED_BYTES_MAX);
    assert.deepEqual([...shortCodes(text, budget)], []);
    assert.ok(budget.left <= 0);
    // Without them it is read.
    const rest = text.slice(text.lastIndexOf(" "));
    assert.deepEqual([...shortCodes(rest, budget)], []);
    assert.equal([...shortCodes(rest, new DecodingBudget(KIB))].length, 1);
  }
});

test("a text of packed runs is looked at as far as its budget goes, whatever they stand for", () => {
  for (const bytes of [KIB, 32 * KIB, INFLATED_BYTES_MAX, INFLATED_BYTES_MAX + 1]) {
    const one = `${bomb(bytes)} `;
    const text = one.repeat(Math.floor((128 * KIB) / one.length));
    const size = viewsOf(text, false).reduce((sum, view) => sum + view.text.length, 0);
    assert.ok(size <= 4 * 128 * KIB + 64 * KIB, `${bytes}: ${size}`);
  }
});

test("a word that begins like something packed takes no room from what follows", () => {
  const budget = new DecodingBudget(KIB);
  assert.ok(
    [...shortCodes(`${"eAxxxxxxxxxx ".repeat(100)}${Buffer.from("a plain value").toString("base64")}`, budget)].length >
      0,
  );
  assert.equal(budget.left, KIB);
});
