import { bisect, normalBelow } from "./normal.ts";

/**
 * Mean run lengths of charts over normal numbers, by the Markov chain of Brook and Evans (Biometrika 59, 1972): what the statistic
 * can be is cut into cells, and the mean number of steps until it leaves them is the solution of a linear system.
 */

/** Cells: with a hundred the lengths are right to about one in a hundred. */
const CELLS = 100;

interface Chart {
  /** Lower ends of the cells, and the upper end of the last. Beyond the last an alarm is given. */
  readonly bounds: readonly number[];
  /** What the statistic is on average after one step from the middle of a cell, and by how much it scatters. */
  next(middle: number): number;
  readonly scatter: number;
  /** What lies below the first cell counts as the first: of a CUSUM, which does not fall below zero. */
  readonly floor: boolean;
  readonly start: number;
}

/** Mean steps until a CUSUM with allowance `k` is over `h`, when the numbers are `shift` above what is usual. */
export function cusumRunLength(k: number, h: number, shift = 0): number {
  const width = (2 * h) / (2 * CELLS - 1);
  const bounds = Array.from({ length: CELLS + 1 }, (_, cell) => (cell === 0 ? 0 : (cell - 0.5) * width));
  const middle = (cell: number): number => cell * width;
  return solve({ bounds, next: (from) => from - k + shift, scatter: 1, floor: true, start: 0 }, middle);
}

/** Mean steps until an EWMA with weight `lambda` leaves its limits of `l` of its own deviations on either side. */
export function ewmaRunLength(lambda: number, l: number, shift = 0): number {
  const limit = l * Math.sqrt(lambda / (2 - lambda));
  // An odd number of cells, so that one lies around the start.
  const cells = CELLS + 1;
  const width = (2 * limit) / cells;
  const bounds = Array.from({ length: cells + 1 }, (_, cell) => cell * width - limit);
  const middle = (cell: number): number => (cell + 0.5) * width - limit;
  const next = (from: number): number => (1 - lambda) * from + lambda * shift;
  return solve({ bounds, next, scatter: lambda, floor: false, start: CELLS / 2 }, middle);
}

/**
 * The threshold whose mean run length is `length`. Looked for from below: far above it a run is so long that the linear system has no
 * solution in doubles.
 */
export function thresholdFor(length: number, runLength: (threshold: number) => number): number {
  let high = 0.5;
  while (runLength(high) < length) high *= 1.25;
  return bisect((threshold) => runLength(threshold) - length, high / 1.25, high);
}

function solve({ bounds, next, scatter, floor, start }: Chart, middle: (cell: number) => number): number {
  const cells = bounds.length - 1;
  const rows = Array.from({ length: cells }, (_, from) => {
    const mean = next(middle(from));
    const below = bounds.map((bound, index) => (index === 0 && floor ? 0 : normalBelow((bound - mean) / scatter)));
    const row = Float64Array.from({ length: cells + 1 }, (_, to) => {
      if (to === cells) return 1;
      const stays = (below[to + 1] as number) - (below[to] as number);
      return (to === from ? 1 : 0) - stays;
    });
    return row;
  });
  return eliminate(rows)[start] as number;
}

/** Gauss's elimination with pivots, of rows that end with the right side. */
function eliminate(rows: Float64Array[]): number[] {
  const size = rows.length;
  const at = (row: number, column: number): number => (rows[row] as Float64Array)[column] as number;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot] as Float64Array, rows[column] as Float64Array];
    const top = rows[column] as Float64Array;
    for (let row = column + 1; row < size; row++) {
      const current = rows[row] as Float64Array;
      const factor = (current[column] as number) / (top[column] as number);
      if (factor === 0) continue;
      for (let place = column; place <= size; place++) {
        current[place] = (current[place] as number) - factor * (top[place] as number);
      }
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let rest = at(row, size);
    for (let column = row + 1; column < size; column++) rest -= at(row, column) * (solution[column] as number);
    solution[row] = rest / at(row, row);
  }
  return solution;
}
