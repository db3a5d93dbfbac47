/** Names or records worked on at one go: a few milliseconds, after which others have their turn. */
export const ROWS_AT_ONCE = 2000;

export async function otherWork(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** The same names in ascending order: short runs are sorted, then put together, with other work in between. */
export async function inOrder<T extends string>(names: readonly T[]): Promise<T[]> {
  let runs: T[][] = [];
  for (let at = 0; at < names.length; at += ROWS_AT_ONCE) {
    if (at > 0) await otherWork();
    runs.push(names.slice(at, at + ROWS_AT_ONCE).sort());
  }
  while (runs.length > 1) {
    const longer: T[][] = [];
    for (let at = 0; at < runs.length; at += 2) longer.push(await merged(runs[at] ?? [], runs[at + 1] ?? []));
    runs = longer;
  }
  return runs[0] ?? [];
}

async function merged<T extends string>(a: readonly T[], b: readonly T[]): Promise<T[]> {
  const all: T[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (all.length % (ROWS_AT_ONCE * 8) === 0) await otherWork();
    const [x, y] = [a[i], b[j]];
    if (y === undefined || (x !== undefined && x <= y)) {
      all.push(x as T);
      i++;
    } else {
      all.push(y);
      j++;
    }
  }
  return all;
}
