import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { markRows } from "./marks.ts";
import { rowsOfDiff, rowsOfText } from "./text-rows.ts";

test("a mark covers its bytes, not its characters", () => {
  const text = "äöü ignore all previous\nand go on";
  const start = Buffer.byteLength("äöü ");
  const { rows } = rowsOfText(text);
  const [first, second] = markRows(rows, [{ start, end: start + 6, tone: "bad", note: "here" }]);
  assert.deepEqual(first?.segments, [
    { text: "äöü ", tone: undefined },
    { text: "ignore", tone: "bad" },
    { text: " all previous", tone: undefined },
  ]);
  assert.deepEqual(
    first?.beginning.map(({ note }) => note),
    ["here"],
  );
  assert.deepEqual(second?.segments, [{ text: "and go on", tone: undefined }]);
});

test("a mark over several lines is in each of them and begins once", () => {
  const { rows } = rowsOfText("one\ntwo\nthree");
  const marked = markRows(rows, [{ start: 2, end: 10, tone: "bad" }]);
  assert.deepEqual(
    marked.map(({ segments }) => segments.filter(({ tone }) => tone !== undefined).map(({ text }) => text)),
    [["e"], ["two"], ["th"]],
  );
  assert.deepEqual(
    marked.map(({ beginning }) => beginning.length),
    [1, 0, 0],
  );
});

test("of marks that overlap the first one wins", () => {
  const { rows } = rowsOfText("abcdef");
  const [row] = markRows(rows, [
    { start: 2, end: 4, tone: "critical" },
    { start: 0, end: 6, tone: "low" },
  ]);
  assert.deepEqual(
    row?.segments.map(({ text, tone }) => [text, tone]),
    [
      ["ab", "low"],
      ["cd", "critical"],
      ["ef", "low"],
    ],
  );
});

test("a mark without extent is told of in its row, exactly once, wherever it stands", () => {
  for (const text of ["", "a\nb", "x".repeat(900), `${"ü".repeat(500)}\n\n`]) {
    const { rows } = rowsOfText(text);
    for (let at = 0; at <= Buffer.byteLength(text.replace(/\n$/, "")); at++) {
      const begun = markRows(rows, [{ start: at, end: at, tone: "low" }]).filter(
        ({ beginning }) => beginning.length > 0,
      );
      assert.equal(begun.length, 1, `${JSON.stringify(text.slice(0, 9))} at ${at}`);
    }
  }
});

test("in a removed line, which the new content does not have, nothing is marked", () => {
  const rows = rowsOfDiff([
    {
      oldStart: 1,
      newStart: 1,
      lines: [
        { kind: "remove", text: "evil" },
        { kind: "add", text: "evil", newOffset: 0 },
      ],
    },
  ]);
  const tones = markRows(rows, [{ start: 0, end: 4, tone: "bad" }]).map(({ segments }) => segments[0]?.tone);
  assert.deepEqual(tones, [undefined, "bad"]);
});

test("whatever is marked, the text is all there and the marked bytes are those asked for", () => {
  const piece = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\n", "ü".repeat(450), "😀".repeat(250)));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(3000), fc.nat(500), (pieces, start, length) => {
      const text = pieces.join("").toWellFormed();
      const bytes = Buffer.from(text);
      const { rows } = rowsOfText(text);
      const marked = markRows(rows, [{ start, end: start + length, tone: "x" }]);
      const whole = marked.map(({ row, segments }) => {
        assert.equal(segments.map((one) => one.text).join(""), row.text);
        assert.equal(
          bytes.subarray(row.offset, (row.offset as number) + Buffer.byteLength(row.text)).toString(),
          row.text,
        );
        return segments
          .filter(({ tone }) => tone === "x")
          .map((one) => one.text)
          .join("");
      });
      const covered = bytes
        .subarray(start, start + length)
        .toString()
        .replaceAll("\n", "")
        .replaceAll("\ufffd", "");
      assert.ok(whole.join("").replaceAll("\ufffd", "").includes(covered));
    }),
  );
});
