import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { inflateSync } from "node:zlib";
import { findPdftotext } from "../config.ts";
import { type PdfLine, writePdf } from "./pdf.ts";

const line = (text: string, ink: PdfLine["ink"] = "black"): PdfLine => ({ x: 72, y: 700, sizePoints: 12, ink, text });

describe("a PDF of ours", () => {
  test("has every object where its table says", () => {
    const pdf = Buffer.from(writePdf([line("one"), { ...line("two"), y: 650 }])).toString("latin1");
    const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(pdf)?.[1]);
    assert.ok(pdf.startsWith("xref\n0 6\n", table));
    const rows = pdf.slice(table).matchAll(/^(\d{10}) 00000 n $/gm);
    const begins = [...rows].map(([, offset]) => pdf.slice(Number(offset), Number(offset) + 7));
    assert.deepEqual(
      begins,
      [1, 2, 3, 4, 5].map((number) => `${number} 0 obj`),
    );
  });

  test("says how long its stream is, and draws hidden text in white", () => {
    const pdf = Buffer.from(writePdf([line("for you"), line("for programs", "hidden")]));
    const [, length = "", begin = ""] = /\/Length (\d+) .*stream\n()/s.exec(pdf.toString("latin1")) ?? [];
    assert.equal(begin, "");
    const start = pdf.indexOf("stream\n") + "stream\n".length;
    const content = inflateSync(pdf.subarray(start, start + Number(length))).toString("latin1");
    assert.match(content, /^0 g .*\(for you\) Tj ET\n1 g .*\(for programs\) Tj ET$/);
  });

  const pdftotext = findPdftotext();
  test("is read by pdftotext, brackets and backslashes included", {
    skip: pdftotext === undefined && "SKIPPED, NOTHING IS VERIFIED: no pdftotext on this host",
  }, () => {
    const input = writePdf([line("a (b) \\ c"), { ...line("white", "hidden"), y: 600, sizePoints: 1 }]);
    const { stdout, stderr } = spawnSync(pdftotext as string, ["-raw", "-", "-"], { input, encoding: "utf8" });
    assert.deepEqual({ stdout: stdout.trim().split("\n"), stderr }, { stdout: ["a (b) \\ c", "white"], stderr: "" });
  });
});
