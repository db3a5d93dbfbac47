import type { WireChange } from "../protocol.ts";
import { listOf, misbehaved, wholeOf } from "./fields.ts";

/** Bytes of the body that hold the contents of these changes, holes not counted; the extents are checked on the way. */
export function dataBytes(changes: readonly WireChange[]): number {
  let bytes = 0;
  for (const { extents, sizeBytes } of changes)
    if (extents !== undefined) bytes += checkExtents(extents, sizeBytes ?? 0);
  return bytes;
}

/** Bytes of the contents as they are handed out: with their holes, but each that is shared once. */
export function sharedSizes(changes: readonly WireChange[]): number {
  let bytes = 0;
  for (const { extents, sizeBytes } of changes) if (extents !== undefined) bytes += sizeBytes ?? 0;
  return bytes;
}

/** Position and length in turn, ascending, inside the file. */
export function checkExtents(value: unknown, sizeBytes: number): number {
  const extents = listOf(value, "a file's extents");
  if (extents.length % 2 !== 0) misbehaved("an extent has no length");
  let [end, bytes] = [0, 0];
  for (let at = 0; at < extents.length; at += 2) {
    const position = wholeOf(extents[at], sizeBytes, "the position of an extent");
    if (position < end) misbehaved("extents overlap");
    const length = wholeOf(extents[at + 1], sizeBytes - position, "the length of an extent");
    if (length === 0) misbehaved("an extent is empty");
    end = position + length;
    bytes += length;
  }
  return bytes;
}
