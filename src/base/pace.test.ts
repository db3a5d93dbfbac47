import assert from "node:assert/strict";
import { test } from "node:test";
import { inSlices, mapInSlices, Pace, sortedInSlices } from "./pace.ts";
import { inParallel } from "./parallel.ts";

function busy(ms: number): void {
  for (const begun = performance.now(); performance.now() - begun < ms; );
}

function slowly(): number {
  busy(0.02);
  return 0;
}

/** How often a timer came in between while `work` went on. */
async function ticksDuring(work: () => Promise<unknown>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await work();
  clearInterval(timer);
  return ticks;
}

test("work that waits for nothing lets timers in", async () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  assert.equal(await ticksDuring(async () => items.forEach(() => busy(1))), 0);
  for (const work of [
    () => inSlices(items, () => busy(1)),
    () => mapInSlices(items, () => busy(1)),
    () =>
      sortedInSlices(
        Array.from({ length: 2000 }, () => 0),
        slowly,
      ),
    () => inParallel(items, 8, async () => busy(1)),
  ])
    assert.ok((await ticksDuring(work)) >= 5);
});

test("all who share a pace rest together", async () => {
  const pace = new Pace();
  busy(20);
  assert.ok(pace.isOver);
  const rest = pace.rest();
  assert.ok(pace.isOver, "for the others, too");
  await rest;
  assert.ok(!pace.isOver);
});

test("sorted in slices is sorted, and stable", async () => {
  for (const length of [0, 1, 999, 1000, 1001, 5000, 12_345]) {
    const items = Array.from({ length }, (_, i) => ({ key: (i * 7919) % 1013, i }));
    const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key;
    assert.deepEqual(await sortedInSlices(items, compare), items.toSorted(compare));
  }
});
