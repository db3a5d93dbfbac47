import assert from "node:assert/strict";
import { test } from "node:test";
import { cString } from "./c-string.ts";

test("what is seen stays, and what is not stands as an escape", () => {
  const cases: readonly [bytes: string | readonly number[], shown: string][] = [
    ["", '""'],
    ["/tmp/é €", '"/tmp/é €"'],
    ['a"b\\c', String.raw`"a\"b\\c"`],
    ["a\tb\nc\rd\0", String.raw`"a\tb\nc\rd\0"`],
    ["\u001b]0;x\u0007\u007f", String.raw`"\x1b]0;x\x07\x7f"`],
    ["\u202e\u200b\u200b\u0085", String.raw`"\u202e\u200b\u200b\u0085"`],
    ["\u{e0041}", String.raw`"\U000e0041"`],
    [[0x61, 0xff, 0xfe], String.raw`"a\xff\xfe"`],
  ];
  for (const [bytes, shown] of cases)
    assert.equal(cString(typeof bytes === "string" ? Buffer.from(bytes) : Uint8Array.from(bytes)), shown);
});
