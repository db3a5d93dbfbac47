import { ZtlError } from "../../errors.ts";
import { QUEUE_BYTES_MAX, QUEUE_ENTRIES_MAX } from "../limits.ts";

/** What waits to be written, with its bounds. */
export class Backlog {
  #entries = 0;
  #bytes = 0;

  /** Throws ZtlError `ledger-queue-full`. */
  take(bytes: number): void {
    if (this.#entries >= QUEUE_ENTRIES_MAX || this.#bytes + bytes > QUEUE_BYTES_MAX) {
      throw new ZtlError(
        "ledger-queue-full",
        `${this.#entries} entries (${this.#bytes} bytes) wait to be written: the disk does not keep up. Try again later`,
      );
    }
    this.#entries++;
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#entries--;
    this.#bytes -= bytes;
  }
}
