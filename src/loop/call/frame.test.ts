import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frame } from "./frame.ts";

const MARK = "0123456789";

test("what others wrote stands between lines of ours, each on a line of its own", () => {
  const sections = [
    { heading: "output of shell", text: "a" },
    { heading: "standard error", text: "" },
  ];
  assert.equal(
    frame({ sections, notes: ["exit status 1"] }, MARK, 1000),
    `[ztl ${MARK} output of shell]\na\n[ztl ${MARK} standard error]\n[ztl ${MARK} exit status 1]\n[ztl ${MARK} end]\n`,
  );
});

test("a shortened text has its head and its tail, whole characters, and says what is missing", () => {
  const short = frame({ sections: [{ heading: "output", text: "ä€𝄞".repeat(200) }], notes: [] }, MARK, 300);
  assert.match(short, /\n\[ztl 0123456789 \d+ of 1800 bytes are left out here\]\n/);
  assert.ok(!short.includes("\ufffd"));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 500 }), fc.integer({ min: 1, max: 400 }), (whole, bytes) => {
      const framed = frame({ sections: [{ heading: "output", text: whole }], notes: [] }, MARK, bytes);
      const body = framed.slice(`[ztl ${MARK} output]\n`.length, -`[ztl ${MARK} end]\n`.length);
      if (Buffer.byteLength(whole) <= bytes)
        return assert.equal(body, whole === "" || whole.endsWith("\n") ? whole : `${whole}\n`);
      const cut = /^(.*)\n\[ztl 0123456789 (\d+) of \d+ bytes are left out here\]\n(.*)$/s.exec(body) ?? [];
      const [head = "", omitted = "", tail = ""] = cut.slice(1);
      assert.ok(whole.startsWith(head) || whole.startsWith(`${head}\n`));
      assert.ok(`${whole}\n`.endsWith(tail));
      assert.ok(Number(omitted) >= Buffer.byteLength(whole) - bytes - 8);
    }),
  );
});

test("several long texts share the room by their sizes", () => {
  const sections = [
    { heading: "output", text: "o".repeat(9000) },
    { heading: "standard error", text: "e".repeat(1000) },
  ];
  const text = frame({ sections, notes: [] }, MARK, 1000);
  const count = (letter: string): number => text.split(letter).length - 1;
  assert.ok(count("o") > 880 && count("o") < 960);
  assert.ok(count("e") > 95 && count("e") < 130);
});
