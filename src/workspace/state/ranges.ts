/** Ascending indices as ranges, first and last: a choice is most often all of a list, or all but a few. One text for one choice. */
export type Ranges = readonly (readonly [number, number])[];

export function rangesOf(indices: readonly number[]): Ranges {
  const ranges: [number, number][] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}

/** What the ranges stand for, of a list of so many; undefined when they are not what `rangesOf` makes. */
export function itemsIn<T>(ranges: Ranges, items: readonly T[]): T[] | undefined {
  let least = 0;
  for (const [first, last] of ranges) {
    if (first < least || last < first || last >= items.length) return undefined;
    least = last + 2;
  }
  return ranges.flatMap(([first, last]) => items.slice(first, last + 1));
}
