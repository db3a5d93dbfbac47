import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { privateFile } from "../../base/private-files.ts";
import { LEDGER_REFUSAL } from "./files.ts";

/** Fixed, so that a shorter line covers a longer one; a head's line takes at most some 420 bytes. One disk sector. */
const NOTE_BYTES = 512;

/**
 * The last head in a small file of its own. The heads in the database can be cut together with the entries they cover; this
 * note then still tells how far the ledger had come. It is written after each commit and not synced: it may be behind, never ahead.
 */
export class HeadNote {
  readonly #path: string;
  readonly #fd: number | undefined;
  #closed = false;

  constructor(path: string, access: "write" | "read") {
    this.#path = path;
    if (access === "read") return;
    privateFile(path, LEDGER_REFUSAL);
    this.#fd = openSync(path, "r+");
  }

  write(line: string): void {
    if (this.#fd === undefined || this.#closed) return;
    try {
      writeSync(this.#fd, Buffer.from(`${line.padEnd(NOTE_BYTES - 1)}\n`), 0, NOTE_BYTES, 0);
    } catch {
      // The group is durable already, and saying otherwise would be wrong; the next group writes the note again.
    }
  }

  /** Empty when nothing was noted or the file is gone. */
  read(): string {
    return existsSync(this.#path) ? readFileSync(this.#path, "utf8").trimEnd() : "";
  }

  close(): void {
    if (this.#fd !== undefined && !this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }
}
