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

test("among lines that are alike, a change stays in its place", () => {
  const alike = Array.from({ length: 32 }, () => "line");
  const changed = (...places: number[]): string =>
    alike.map((line, at) => (places.includes(at) ? `${line} ${at}` : line)).join("\n");
  assert.equal(merge(changed(), changed(4), changed(20)), changed(4, 20));
  assert.equal(merge(changed(), changed(0, 9, 31), changed(3, 20)), changed(0, 3, 9, 20, 31));
  assert.equal(merge(changed(7), changed(3, 7), changed(7, 12)), changed(3, 7, 12));
  assert.equal(merge("a\na\na\na\n", "a\na\na\n", "a\na\na\na\nb\n"), undefined, "which one went nobody can tell");
});

test("whatever lines of a text two sides change in their places is merged there, unless they are beside each other", () => {
  const places = fc.uniqueArray(fc.nat(14), { maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b"), { minLength: 15, maxLength: 15 }),
      places,
      places,
      (lines, p, q) => {
        fc.pre(p.every((one) => q.every((two) => Math.abs(one - two) > 1)));
        const changed = (at: number[]): string =>
          lines.map((line, index) => (at.includes(index) ? `new ${index}\n` : `${line}\n`)).join("");
        assert.equal(merge(changed([]), changed(p), changed(q)), changed([...p, ...q]));
      },
    ),
    { numRuns: 500 },
  );
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
