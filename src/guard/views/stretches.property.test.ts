import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { builtInRules } from "../rule-set.ts";
import { type Decoded, decodeLevel } from "./decode.ts";
import { decodeRuns } from "./runs.ts";
import { contentView, levelView, type View } from "./view.ts";

/** What is not looked at again in copied stretches is what would be found there: with them and without, all is the same. */

const ENCODED = [
  ..."< %3C %253C &lt; &amp;lt; &amp;amp;lt; &#60; \\u003c \\\\u003c \\n \\\\n \\\\\\\\n \\x3c \\074 %25 %2 & \\ \\q \\\\".split(
    " ",
  ),
  ...[
    "\ufeff",
    "\u200b",
    "ｉｍ",
    "é",
    "日本語",
    "\x1b[31m",
    "\x1b[",
    "\x00",
    "\u{e0041}\u{e0042}",
    "x\ufe01\ufe02\ufe03\ufe04",
  ],
];
const STRUCTURES = [
  ...[
    "<|im_start|>",
    "|im_start|>system",
    "\nAction",
    " Input: ls",
    "<message",
    ' role="system">',
    "[INST]",
    "\n\nHuman:",
    "]~b]user",
  ],
  ...[
    '{"role":"system",',
    '"content":"x"}',
    "'type': 'constructor'",
    "-----BEGIN PRIVATE KEY-----",
    "ghp_",
    "eyJ",
    "://u:",
  ],
];
const RUNS = [
  "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
  "deadbeef0123456789abcdef01234567",
  "PHxpbV9zdGFydHw+c3lzdGVt",
  "QUJD",
  "\n",
  "\r\n",
  "=",
  "==",
];
const LINES = [
  "const value = merge(left, right);\n",
  "the quick report of a run\n",
  "      \n",
  "/path/to/AFileWithAName.ts ",
  "日本語の文章です。",
];

const piece: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(...ENCODED, ...STRUCTURES, ...RUNS).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 3 }),
  fc
    .tuple(fc.constantFrom(...LINES), fc.integer({ min: 1, max: 60 }))
    .map(([line, times]) => Buffer.from(line.repeat(times))),
  fc
    .tuple(fc.constantFrom(...RUNS.slice(0, 3)), fc.integer({ min: 1, max: 40 }), fc.constantFrom("", "\n", "\r\n"))
    .map(([run, times, between]) => Buffer.from(`${(run.repeat(2) + between).repeat(times)}`)),
);
const text = fc.array(piece, { minLength: 2, maxLength: 24 }).map((pieces) => new Uint8Array(Buffer.concat(pieces)));

function hitsIn(view: View, copied?: Parameters<ReturnType<typeof builtInRules>["probe"]>[2]) {
  const list: string[] = [];
  const hits = builtInRules().probe(
    view.bytes,
    (gate, end) => {
      list.push(`${gate.trigger.text} ${gate.trigger.shape ?? ""} ${end}`);
      return true;
    },
    copied,
  );
  return { hits, list };
}

function plain(level: Decoded | undefined): unknown {
  if (level === undefined) return undefined;
  const { bytes, map, encoded } = level;
  const places = Array.from({ length: bytes.length + 1 }, (_, at) => map.start(at) * 2 ** 20 + map.end(at));
  return { bytes: Buffer.from(bytes).toString("latin1"), places, edits: map.edits, encoded };
}

test("every level finds with copied stretches what it finds without", () => {
  let copied = 0;
  fc.assert(
    fc.property(text, (content) => {
      let view: View = contentView(content);
      let { hits } = hitsIn(view);
      for (let depth = 1; depth < 4; depth++) {
        const level = decodeLevel(view.bytes, false, view.stretches);
        if (level === undefined) return;
        const next = levelView(view, level);
        copied += next.stretches.length;
        for (const { out, source, length } of next.stretches)
          assert.deepEqual(next.bytes.subarray(out, out + length), view.bytes.subarray(source, source + length));
        for (const collapse of [false, true])
          assert.deepEqual(
            plain(decodeLevel(next.bytes, collapse, next.stretches)),
            plain(decodeLevel(next.bytes, collapse)),
          );
        assert.deepEqual(decodeRuns(next.bytes, next.isNew, next.stretches), decodeRuns(next.bytes, next.isNew));
        const found = hitsIn(next, { stretches: next.stretches, hits });
        assert.deepEqual(found.list, hitsIn(next).list);
        [view, hits] = [next, found.hits];
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(copied > 100, `${copied} stretches`);
});
