import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteBudget, FileCharge } from "./budget.ts";
import { Chunks } from "./chunks.ts";
import { type FileParts, nextData, nextHole } from "./holes.ts";

const PAGE = 4096;

function parts(more: Partial<FileParts>): FileParts {
  const charge = new FileCharge(new ByteBudget(2 ** 40));
  return { lowerBytes: 0, sizeBytes: 2 ** 40, chunks: new Chunks(charge), written: undefined, charge, ...more };
}

test("pages written through a mapping are content, however many there are", () => {
  const written = new Set(Array.from({ length: 300_000 }, (_, i) => 300_005 - i));
  const file = parts({ written });
  assert.equal(nextData(file, 0), 6 * PAGE);
  assert.equal(nextData(file, 6 * PAGE + 9), 6 * PAGE + 9);
  assert.equal(nextHole(file, 6 * PAGE), 300_006 * PAGE);
  assert.equal(nextData(file, 300_006 * PAGE), undefined);
});

test("what is the host's is content, zeros that were written are none, and the end is a hole", () => {
  const charge = new FileCharge(new ByteBudget(2 ** 40));
  const chunks = new Chunks(charge);
  chunks.ensure(1, 3 * PAGE);
  chunks.ensure(2, 1).set([1]);
  const file = parts({ chunks, charge, lowerBytes: PAGE + 1, sizeBytes: 3 * 65_536 });
  assert.equal(nextData(file, 5), 5);
  assert.equal(nextHole(file, 5), PAGE + 1);
  assert.equal(nextData(file, PAGE + 1), 2 * 65_536);
  assert.equal(nextHole(file, 2 * 65_536), 2 * 65_536 + PAGE);
  assert.equal(nextHole(parts({ lowerBytes: 10, sizeBytes: 10 }), 3), 10);
});
