import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { atLeast, type Verdict } from "./finding.ts";
import { SyntacticScanner, scan } from "./scanner.ts";
import { ENCODINGS, LINES, LITERALS } from "./testing.ts";

const isFound = (verdict: Verdict): boolean => verdict.findings.some(({ severity }) => atLeast(severity, "medium"));

/** Every structure of the table, in every way of writing it. */
for (const [encoding, encode] of Object.entries(ENCODINGS))
  describe(`written as ${encoding}`, () => {
    for (const [family, texts] of Object.entries(LITERALS))
      test(`${family}: each control structure is found inside a line`, () => {
        const missed = texts.filter((text) => !isFound(scan(`The answer is ${encode(text)} as expected.`)));
        assert.deepEqual(missed, []);
      });
    for (const [family, text] of Object.entries(LINES))
      test(`${family}: the lines of an agent loop are found`, () => {
        assert.ok(isFound(scan(encode(`${text}\n`))), encode(text));
      });
  });

test("each control structure is found however the chunks are cut", () => {
  for (const text of [...Object.values(LITERALS).flat(), ...Object.values(LINES)]) {
    const bytes = Buffer.from(`The answer is\n\n${text}\n`);
    const whole = scan(bytes);
    assert.ok(isFound(whole), text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const scanner = new SyntacticScanner();
      scanner.push(bytes.subarray(0, cut));
      scanner.push(bytes.subarray(cut));
      assert.deepEqual(scanner.end(), whole);
    }
  }
});

test("bytes that lenient decoders drop do not hide a structure", () => {
  for (const junk of [[0xff], [0x00], [0xc3], [0x1b, 0x5b, 0x31, 0x6d], [0x08]]) {
    const bytes = Buffer.concat([Buffer.from("<|im_"), Buffer.from(junk), Buffer.from("start|> x")]);
    assert.ok(isFound(scan(bytes)), `junk ${junk}`);
  }
  const overlong = Buffer.from([0xc0, 0xbc, ...Buffer.from("|im_start|"), 0xc0, 0xbe]);
  assert.ok(isFound(scan(overlong)));
});

test("the path names what was undone, outermost first", () => {
  const inner = JSON.stringify({
    note: "\uff1c|im_end|\uff1e".replace(/[\uff1c\uff1e]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`),
  });
  const verdict = scan(Buffer.from(`some words first ${inner}`).toString("base64"));
  const finding = verdict.findings.find(({ rule }) => rule === "chat.special-token");
  assert.deepEqual(finding?.path, ["base64", "escape", "escape", "compatibility"]);
});
