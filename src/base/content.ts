import * as fs from "node:fs";
import { promisify } from "node:util";
import { sha256Stream } from "./sha256.ts";

/** Bytes copied at a time, and the grain in which runs of zeros become holes. */
const COPY_BYTES = 256 * 1024;

const read = promisify(fs.read);
const write = promisify(fs.write);
const truncate = promisify(fs.ftruncate);

const ZEROS = Buffer.alloc(COPY_BYTES);

/** Buffers of copies that have ended, for those to come: memory for each of very many small files costs more than to copy them. */
const idleBuffers: Buffer[] = [];
const IDLE_BUFFERS_MAX = 16;

/** Reads into the buffer from a position of some content; 0 bytes at its end. */
export type Source = (buffer: Buffer, position: number) => Promise<number>;

export function fileSource(fd: number): Source {
  return async (buffer, position) => (await read(fd, buffer, 0, buffer.length, position)).bytesRead;
}

export function memorySource(bytes: Uint8Array): Source {
  return async (buffer, position) => {
    const part = bytes.subarray(position, position + buffer.length);
    buffer.set(part);
    return part.length;
  };
}

export interface Copied {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Reads to the end or to `bytesMax`, hashes, and writes to the empty file `target` when there is one. Runs of zeros become
 * holes, so that a sparse file stays one.
 */
export async function copyContent(source: Source, target: number | undefined, bytesMax: number): Promise<Copied> {
  const buffer = idleBuffers.pop() ?? Buffer.allocUnsafeSlow(COPY_BYTES);
  // After a failure it may still be written to: then nobody gets it again.
  const copied = await copyBy(buffer, source, target, bytesMax);
  if (idleBuffers.length < IDLE_BUFFERS_MAX) idleBuffers.push(buffer);
  return copied;
}

async function copyBy(buffer: Buffer, source: Source, target: number | undefined, bytesMax: number): Promise<Copied> {
  const hash = sha256Stream();
  let sizeBytes = 0;
  // A file that grows while it is read must not keep us for ever; its hash is not the expected one anyway.
  while (sizeBytes <= bytesMax) {
    const bytes = await source(buffer, sizeBytes);
    if (bytes === 0) break;
    const chunk = buffer.subarray(0, bytes);
    hash.update(chunk);
    if (target !== undefined && !chunk.equals(ZEROS.subarray(0, bytes))) await writeFully(target, chunk, sizeBytes);
    sizeBytes += bytes;
  }
  if (target !== undefined) await truncate(target, sizeBytes);
  return { sha256: hash.digest("hex"), sizeBytes };
}

/** write(2) may write less than it was given. */
export async function writeFully(target: number, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await write(target, chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}
