import assert from "node:assert/strict";
import { test } from "node:test";
import { markConflicts } from "./text-marks.ts";

/** More than a function takes as arguments. */
const MANY = 200_000;

function mark(base: string, ours: string, theirs: string): string | undefined {
  const marked = markConflicts(Buffer.from(base), Buffer.from(ours), Buffer.from(theirs));
  return marked && Buffer.from(marked).toString("utf8");
}

test("what meets stands between markers, the rest as it is", () => {
  const [ours, theirs] = ["<<<<<<< host\n2a\n", "=======\n2b\n>>>>>>> agent\n"];
  assert.equal(mark("1\n2\n3\n4\n5\n", "1\n2a\n3\n4\nfive\n", "1\n2b\n3\n4\n5\n"), `1\n${ours}${theirs}3\n4\nfive\n`);
});

test("a text may have as many lines as fit, before, in and after what meets", () => {
  const lines = "same\n".repeat(MANY);
  const markers = ["<<<<<<< host\n", "=======\n", ">>>>>>> agent\n"] as const;
  assert.equal(
    mark(`${lines}a\n${lines}`, `${lines}b\n${lines}`, `${lines}c\n${lines}`),
    `${lines}${markers[0]}b\n${markers[1]}c\n${markers[2]}${lines}`,
  );
  const [ours, theirs] = [`a\n${lines}b\n`, `c\n${lines}d\n`];
  assert.equal(
    mark(lines, ours, theirs),
    `${markers[0]}a\n${markers[1]}c\n${markers[2]}${lines}${markers[0]}b\n${markers[1]}d\n${markers[2]}`,
  );
});
