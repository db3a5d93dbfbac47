import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { neutralise } from "./neutralise.ts";
import { SyntacticScanner, scan } from "./scanner.ts";
import { ENCODINGS, LINES, LITERALS } from "./testing.ts";

const literal = fc.constantFrom(...Object.values(LITERALS).flat(), ...Object.values(LINES));
const written = fc
  .tuple(literal, fc.constantFrom(...Object.values(ENCODINGS)))
  .map(([text, encode]) => Buffer.from(encode(text)));
const odd = fc.constantFrom(
  "\x1b]52;c;eA==\x07",
  "\u202eabc\u202c",
  "\u{e0041}\u{e0042}",
  "\\",
  "%",
  "&#",
  "\n\n",
  "<|",
  "`",
  "·",
);
const piece = fc.oneof(
  written,
  fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.lorem().map((text) => Buffer.from(` ${text} `)),
  odd.map((text) => Buffer.from(text)),
);
const content = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
const cuts = fc.array(fc.nat(400), { maxLength: 8 });

test("the verdict does not depend on how the content is cut into chunks", () => {
  fc.assert(
    fc.property(content, cuts, (bytes, places) => {
      const scanner = new SyntacticScanner();
      let from = 0;
      for (const place of [...places.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b)) {
        scanner.push(bytes.subarray(from, place));
        from = place;
      }
      assert.deepEqual(scanner.end(), scan(bytes));
    }),
  );
});

test("offsets point into the original: the span alone, or what follows it, shows the finding again", () => {
  fc.assert(
    fc.property(literal, fc.constantFrom(...Object.values(ENCODINGS)), fc.lorem(), (text, encode, words) => {
      const before = Buffer.from(`${words}. — \n\n`);
      const bytes = Buffer.concat([before, Buffer.from(encode(text)), Buffer.from(`\n\n ${words}`)]);
      for (const { rule, start, end, severity } of scan(bytes).findings) {
        assert.ok(start >= 0 && start < end && end <= bytes.length, `${rule} ${start}-${end}`);
        if (severity === "info") continue;
        assert.ok(start >= before.length - 2, `${rule} starts at ${start}, the structure at ${before.length}`);
        const again = scan(bytes.subarray(start)).findings;
        assert.ok(
          again.some((finding) => finding.rule === rule),
          `${rule} from ${start}`,
        );
      }
    }),
  );
});

test("the neutralised text is admitted, and neutralising it again changes nothing", () => {
  fc.assert(
    fc.property(content, (bytes) => {
      const verdict = scan(bytes);
      const { text, verdict: after } = neutralise(bytes, verdict.findings);
      assert.equal(after.decision, "admit");
      assert.equal(scan(text).decision, "admit");
      assert.equal(neutralise(text, scan(text).findings).text, text);
    }),
  );
});

test("neutralising keeps every word around the structure", () => {
  fc.assert(
    fc.property(literal, fc.constantFrom(...Object.values(ENCODINGS)), (text, encode) => {
      const content = `The report begins here.\n\n${encode(text)}\n\nThe report ends here.`;
      const { text: safe } = neutralise(content, scan(content).findings);
      assert.ok(safe.startsWith("The report begins here.") && safe.endsWith("The report ends here."), safe);
    }),
  );
});

test("excerpts and reasons hide nothing: no control, format or invisible character", () => {
  fc.assert(
    fc.property(content, (bytes) => {
      for (const { excerpt, reason } of scan(bytes).findings) {
        assert.doesNotMatch(excerpt, /[\p{Cc}\p{Cf}\p{DI}]/u);
        assert.match(reason, /^[\w ',.-]+$/);
      }
    }),
  );
});
