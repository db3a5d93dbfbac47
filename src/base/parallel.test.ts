import assert from "node:assert/strict";
import { test } from "node:test";
import { inParallel } from "./parallel.ts";

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("all are done, never more than so many at once", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running);
    await pause();
    running--;
    done.push(item);
  });
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(most, 3);
  await inParallel([], 3, () => assert.fail("nothing to do"));
});

test("a failure is thrown when what was begun has ended, and nothing more is begun", async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = inParallel([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await pause();
    if (item === 1) throw new Error("one");
    await pause();
    ended++;
  });
  await assert.rejects(work, /one/);
  assert.deepEqual(begun, [1, 2]);
  assert.equal(ended, 1);
});
