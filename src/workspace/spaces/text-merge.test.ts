import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergeTexts } from "./text-merge.ts";

function merge(base: string, ours: string, theirs: string): string | undefined {
  const [a, b, c] = [base, ours, theirs].map((text) => Buffer.from(text));
  const merged = mergeTexts(a as Buffer, b as Buffer, c as Buffer);
  return merged === undefined ? undefined : Buffer.from(merged).toString("utf8");
}

test("changes apart from each other are both taken", () => {
  assert.equal(merge("1\n2\n3\n4\n5\n", "one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n"), "one\n2\n3\n4\nfive\n");
  assert.equal(merge("1\n2\n3\n", "0\n1\n2\n3\n", "1\n2\n3\n4\n"), "0\n1\n2\n3\n4\n");
  assert.equal(merge("1\n2\n3\n4\n", "1\n3\n4\n", "1\n2\n3\n4\n5\n"), "1\n3\n4\n5\n");
});

test("what both did alike is taken once", () => {
  assert.equal(merge("1\n2\n", "1\ntwo\n", "1\ntwo\n"), "1\ntwo\n");
  assert.equal(merge("1\n2\n3\n4\n", "1\ntwo\n3\n4\n", "1\ntwo\n3\nfour\n"), "1\ntwo\n3\nfour\n");
});

test("changes of the same lines, and of lines beside each other, are no merge", () => {
  assert.equal(merge("1\n2\n", "1\ntwo\n", "1\nzwei\n"), undefined);
  assert.equal(merge("1\n2\n", "one\n2\n", "1\ntwo\n"), undefined);
  assert.equal(merge("1\n", "1\na\n", "1\nb\n"), undefined);
  assert.equal(merge("", "a\n", "b\n"), undefined);
});

test("the end of the last line is part of it", () => {
  assert.equal(merge("1\n2\n3", "one\n2\n3", "1\n2\n3\n"), "one\n2\n3\n");
  assert.equal(merge("1", "1\n", "1\n2"), undefined);
});

test("what is no text is not merged", () => {
  assert.equal(mergeTexts(Buffer.from("a\n"), Buffer.from("a\nb\n"), Buffer.from([0xff, 10])), undefined);
  assert.equal(merge("a\0\n", "a\0\nb\n", "c\na\0\n"), undefined);
});

const text = fc.array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 12 }).map((lines) => lines.join("\n"));

test("one side's change alone is that side, and the two sides may be exchanged", () => {
  fc.assert(
    fc.property(text, text, text, (base, ours, theirs) => {
      assert.equal(merge(base, ours, base), ours);
      assert.equal(merge(base, base, theirs), theirs);
      assert.equal(merge(base, ours, theirs), merge(base, theirs, ours));
    }),
    { numRuns: 500 },
  );
});
