import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "node:util";
import { optionProblem } from "./option-problem.ts";

const options = { python: { type: "string" }, json: { type: "boolean" }, "cpu-time": { type: "string" } } as const;

function problemOf(...args: string[]): string {
  try {
    parseArgs({ args, options });
  } catch (error) {
    return optionProblem(error, options);
  }
  return "";
}

test("a misspelt option is told with the one that was meant", () => {
  assert.equal(problemOf("--pyhton", "x"), 'there is no option --pyhton; did you mean "--python"?');
  assert.equal(problemOf("--jsn"), 'there is no option --jsn; did you mean "--json"?');
  assert.equal(problemOf("--cputime=1s"), 'there is no option --cputime; did you mean "--cpu-time"?');
  assert.equal(problemOf("--frobnicate"), "there is no option --frobnicate");
});

test("what else is wrong stays as it was told", () => assert.match(problemOf("--python"), /argument missing/));
