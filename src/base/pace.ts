import { setImmediate as otherWork } from "node:timers/promises";

/** How long work goes on by itself, in milliseconds: a few such slices in a row are still no wait that anybody notices. */
const SLICE_MS = 5;

/**
 * Cuts work that waits for nothing into slices, with the process's other work in between. To be asked after each item; all who share
 * one rest together, so that none of them goes on in the others' rest.
 */
export class Pace {
  #begun = performance.now();
  #rest: Promise<void> | undefined;

  /** Time to `rest`. */
  get isOver(): boolean {
    return this.#rest !== undefined || performance.now() - this.#begun > SLICE_MS;
  }

  async rest(): Promise<void> {
    this.#rest ??= otherWork().then(() => {
      this.#rest = undefined;
      this.#begun = performance.now();
    });
    await this.#rest;
  }
}

/** `work` on each item, in slices. */
export async function inSlices<T>(
  items: Iterable<T>,
  work: (item: T, index: number) => void,
  pace: Pace = new Pace(),
): Promise<void> {
  let index = 0;
  for (const item of items) {
    work(item, index++);
    if (pace.isOver) await pace.rest();
  }
}

/** What work gives that says with each `yield` where it may be interrupted: in slices, or `atOnce`. */
export async function inSteps<T>(work: Generator<void, T>): Promise<T> {
  const pace = new Pace();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (pace.isOver) await pace.rest();
  }
}

export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** What `make` makes of each item, in steps. */
export function* mapInSteps<T, U>(items: Iterable<T>, make: (item: T, index: number) => U): Generator<void, U[]> {
  const made: U[] = [];
  for (const item of items) {
    made.push(make(item, made.length));
    yield;
  }
  return made;
}

/** What `make` makes of each item, in slices. */
export async function mapInSlices<T, U>(items: Iterable<T>, make: (item: T, index: number) => U): Promise<U[]> {
  const made: U[] = [];
  await inSlices(items, (item, index) => made.push(make(item, index)));
  return made;
}

/** A set of the items, made in slices. */
export async function setOf<T>(items: Iterable<T>): Promise<Set<T>> {
  const made = new Set<T>();
  await inSlices(items, (item) => made.add(item));
  return made;
}

/** Items sorted at once before they are merged: a millisecond. */
const RUN_ITEMS = 1000;

/** As `toSorted` does, in slices. */
export async function sortedInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const pace = new Pace();
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN_ITEMS) {
    runs.push(items.slice(at, at + RUN_ITEMS).sort(compare));
    if (pace.isOver) await pace.rest();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let pair = 0; pair < runs.length; pair += 2)
      merged.push(await mergeRuns(runs[pair] ?? [], runs[pair + 1] ?? [], compare, pace));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergeRuns<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
  pace: Pace,
): Promise<T[]> {
  const merged: T[] = [];
  for (let [l, r] = [0, 0]; l < left.length || r < right.length; ) {
    // Of equal items the left one stays before the right one.
    const isLeft = r >= right.length || (l < left.length && compare(left[l] as T, right[r] as T) <= 0);
    merged.push((isLeft ? left[l++] : right[r++]) as T);
    if (pace.isOver) await pace.rest();
  }
  return merged;
}
