import { constants, type FileHandle, open } from "node:fs/promises";
import { errorCode } from "../../base/system-error.ts";
import { ANCHOR_READ_BYTES_MAX } from "../limits.ts";
import { linesOf, unusable } from "./lines.ts";
import type { Anchor } from "./place.ts";

const NEWLINE = 0x0a;

/** A file to which lines are added: on another disk, on a share, in a place that only lets files grow (`chattr +a`). */
export class FileAnchor implements Anchor {
  readonly name: string;
  readonly #path: string;

  constructor(path: string) {
    this.name = path;
    this.#path = path;
  }

  async keep(line: string): Promise<void> {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    await this.#with(O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, async (file) => {
      const { size } = await file.stat();
      const last = size === 0 ? NEWLINE : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
      // In one piece: several processes may add to one file. A line that a loss of power cut short is left as it is.
      await file.appendFile(last === NEWLINE ? `${line}\n` : `\n${line}\n`);
      await file.sync();
    });
  }

  async lines(): Promise<readonly string[]> {
    try {
      return await this.#with(constants.O_RDONLY | constants.O_NONBLOCK, async (file) => {
        const { size } = await file.stat();
        const start = Math.max(0, size - ANCHOR_READ_BYTES_MAX);
        const bytes = Buffer.alloc(Math.min(size, ANCHOR_READ_BYTES_MAX));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return linesOf(bytes.toString("utf8", 0, bytesRead), start > 0);
      });
    } catch (error) {
      if (error instanceof Error && errorCode(error.cause) === "ENOENT") return [];
      throw error;
    }
  }

  async #with<T>(flags: number, work: (file: FileHandle) => Promise<T>): Promise<T> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, flags);
      if (!(await file.stat()).isFile()) throw new Error("it is not a file");
      return await work(file);
    } catch (error) {
      throw unusable(this.name, error);
    } finally {
      await file?.close();
    }
  }
}
