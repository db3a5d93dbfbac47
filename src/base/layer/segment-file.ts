import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { SEGMENT_BYTES_MAX } from "./layer.ts";
import { invalid } from "./table.ts";

/** Small pieces are written together up to here. */
const BUFFER_BYTES = 1024 * 1024;

/** A segment and its writer: bytes only ever come behind those that are there, so what was handed out stays as it is. */
export class SegmentFile {
  /** Its position in the lists of segments that it is for. */
  readonly index: number;
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writtenBytes = 0;

  private constructor(file: FileHandle, index: number) {
    this.#file = file;
    this.index = index;
  }

  /** @param path there must be nothing yet */
  static async create(path: string, index: number): Promise<SegmentFile> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    return new SegmentFile(await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), index);
  }

  /** With what was appended and is not in the file yet. */
  get sizeBytes(): number {
    return this.#writtenBytes + this.#waitingBytes;
  }

  /** The bytes must not change any more. */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.sizeBytes + bytes.length > SEGMENT_BYTES_MAX) invalid("a segment cannot be so large");
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= BUFFER_BYTES) await this.flush();
  }

  /** To be awaited before anybody is told of the bytes. */
  async flush(): Promise<void> {
    const pieces = this.#waiting;
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    this.#waiting = [];
    this.#waitingBytes = 0;
    const start = this.#writtenBytes;
    this.#writtenBytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, start + at);
      at += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
