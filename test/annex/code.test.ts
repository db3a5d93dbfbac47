import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAnnex, findCompiler } from "../../scripts/annex-compiler.ts";
import { ANNEX_CODE, ANNEX_COMPILER } from "../../src/linux/annex/code.ts";

const compiler = findCompiler();
const skip = compiler === ANNEX_COMPILER ? false : `SKIPPED: ${compiler ?? "no compiler"}, not ${ANNEX_COMPILER}`;

test("the annex's bytes are what its source compiles to", { skip }, () => {
  assert.equal(ANNEX_CODE.toString("hex"), compileAnnex().toString("hex"));
});
