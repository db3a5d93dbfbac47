import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, parseOutcomes } from "./outcomes.ts";

const native = parseOutcomes("passed\tm.a\nfailed: x\tm.b\nskipped\tm.c\npassed\tm.d\nnoise\npassed\tm.e\nended\tm\n");

test("what passes natively and not in the micro-VM is named, with what became of it", () => {
  const inside = parseOutcomes("passed\tm.a\npassed\tm.b\nfailed: [Errno 22]\tm.d\n");
  assert.deepEqual(compare("m", native, inside), {
    module: "m",
    passed: 3,
    lost: [
      { name: "m.d", outcome: "failed: [Errno 22]" },
      { name: "m.e", outcome: "not reached" },
    ],
  });
});

test("a module that does not end natively says nothing", () => {
  assert.equal(compare("m", parseOutcomes("passed\tm.a\n"), native), undefined);
});
