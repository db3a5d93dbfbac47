import { closeSync, openSync, readSync } from "node:fs";

/** At most so much is asked for at a time, so that a small file does not cost a large buffer. */
const CHUNK_BYTES = 64 * 1024;

/** What a file, a pipe or a device gives until it ends, and no more than a byte beyond `bytesMax`: whoever parses that refuses it. */
export function readBounded(path: string, bytesMax: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    for (let left = bytesMax + 1; left > 0; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
      const count = readSync(fd, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(fd);
  }
}
