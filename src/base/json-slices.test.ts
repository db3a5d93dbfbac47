import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonBytes, jsonPieces } from "./json-slices.ts";

test("the pieces are what JSON.stringify writes", async () => {
  const value = fc.jsonValue({ maxDepth: 8 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(value, fc.dictionary(fc.string(), fc.option(value, { nil: undefined }))),
      async (data) => {
        assert.equal((await jsonBytes(data)).toString("utf8"), JSON.stringify(data));
      },
    ),
    { numRuns: 500 },
  );
});

test("a list as long as a change set is written in many pieces, and others come in between", async () => {
  const files = Array.from({ length: 100_000 }, (_, number) => ({ path: `/project/file${number}`, flags: ["binary"] }));
  let others = 0;
  let isOver = false;
  const other = (): void => {
    others++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const pieces: string[] = [];
  for await (const piece of jsonPieces({ id: 1, files })) pieces.push(piece);
  isOver = true;
  assert.equal(pieces.join(""), JSON.stringify({ id: 1, files }));
  assert.ok(pieces.length > 10 && others > 5, `${pieces.length} pieces, ${others} times something else`);
});
