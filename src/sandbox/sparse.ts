/** Zeros shorter than this are sent as they are; a file system's holes are whole pages, but most are much larger. */
const HOLE_BYTES = 64 * 1024;
/** Extents of one file, so that a hostile pattern of holes does not outweigh what it saves. */
const EXTENTS_MAX = 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/** A file's content as it travels: what no extent covers is zeros. */
export interface SparseContent {
  readonly sizeBytes: number;
  /** Position and length in turn, ascending. */
  readonly extents: readonly number[];
  /** The extents' bytes one after the other, in pieces of any length. */
  readonly data: readonly Uint8Array[];
}

/** Finds the holes of a content. `piecesAt` is asked for all of it, part by part, and its pieces are kept. */
export function toSparse(
  sizeBytes: number,
  piecesAt: (position: number, lengthBytes: number) => readonly Uint8Array[],
): SparseContent {
  const grain = Math.max(1, Math.ceil(sizeBytes / EXTENTS_MAX / HOLE_BYTES)) * HOLE_BYTES;
  const extents: number[] = [];
  const data: Uint8Array[] = [];
  let end = -1;
  for (let position = 0; position < sizeBytes; position += grain) {
    const length = Math.min(grain, sizeBytes - position);
    const pieces = piecesAt(position, length);
    if (length === grain && pieces.every(isZeros)) continue;
    if (position === end) extents[extents.length - 1] += length;
    else extents.push(position, length);
    end = position + length;
    data.push(...pieces);
  }
  return { sizeBytes, extents, data };
}

/** The content with its holes filled in; `data` holds the extents' bytes one after the other. */
export function fromSparse(sizeBytes: number, extents: readonly number[], data: Uint8Array): Uint8Array {
  // All of it is there, which is most files: nothing is copied.
  if (data.length === sizeBytes) return data;
  const content = new Uint8Array(sizeBytes);
  for (const { position, bytes } of extentsOf(extents, data)) content.set(bytes, position);
  return content;
}

export interface Extent {
  readonly position: number;
  readonly bytes: Uint8Array;
}

function extentsOf(extents: readonly number[], data: Uint8Array): Extent[] {
  const found: Extent[] = [];
  for (let index = 0, at = 0; index < extents.length; index += 2) {
    const [position, length] = [extents[index], extents[index + 1]];
    found.push({ position, bytes: data.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** How many bytes of the data belong to these extents. */
export function extentBytes(extents: readonly number[]): number {
  let bytes = 0;
  for (let index = 1; index < extents.length; index += 2) bytes += extents[index];
  return bytes;
}

function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
    const part = bytes.subarray(at, at + HOLE_BYTES);
    if (!ZEROS.subarray(0, part.length).equals(part)) return false;
  }
  return true;
}
