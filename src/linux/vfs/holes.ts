import type { FileCharge } from "./budget.ts";
import { CHUNK_BYTES, type Chunks } from "./chunks.ts";

/** Where the content of a file may be. */
export interface FileParts {
  /** All of this is the host's: content, whatever it is. */
  readonly lowerBytes: number;
  readonly sizeBytes: number;
  readonly chunks: Chunks;
  /** Pages that the guest may have written to through a mapping. */
  readonly written: ReadonlySet<number> | undefined;
  readonly charge: FileCharge;
}

const PAGE_BYTES = 4096;

/** lseek(2), SEEK_DATA: undefined when only zeros follow. */
export function nextData(parts: FileParts, position: number): number | undefined {
  if (position < parts.lowerBytes) return position;
  const from = Math.floor(position / PAGE_BYTES);
  const first = Math.min(firstInChunks(parts, from), firstWritten(parts, from));
  const start = Math.max(first * PAGE_BYTES, position);
  return start < parts.sizeBytes ? start : undefined;
}

/** Infinity where there is none. */
function firstInChunks({ chunks, charge }: FileParts, from: number): number {
  const indexes = [...chunks.indexes()].sort((a, b) => a - b);
  charge.work(indexes.length);
  for (const index of indexes) {
    const page = chunks.firstPage(index, from);
    if (page !== undefined) return page;
  }
  return Number.POSITIVE_INFINITY;
}

/** Infinity where there is none. */
function firstWritten({ written = new Set<number>(), charge }: FileParts, from: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const page of written) {
    charge.work();
    if (page >= from && page < first) first = page;
  }
  return first;
}

/** lseek(2), SEEK_HOLE: one lies behind the end of every file. */
export function nextHole(parts: FileParts, position: number): number {
  const { lowerBytes, sizeBytes, charge } = parts;
  let at = position;
  // Each turn is a page that is held in memory, or all that is the host's.
  while (at < sizeBytes && holdsPage(parts, at)) {
    charge.work();
    at = at < lowerBytes ? lowerBytes : (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES;
  }
  return Math.min(at, sizeBytes);
}

/** Whether the page of this position holds content. */
function holdsPage({ lowerBytes, chunks, written }: FileParts, position: number): boolean {
  if (position < lowerBytes) return true;
  const page = Math.floor(position / PAGE_BYTES);
  return written?.has(page) === true || chunks.firstPage(Math.floor(position / CHUNK_BYTES), page) === page;
}
