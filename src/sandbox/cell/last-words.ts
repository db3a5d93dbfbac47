import { plainText } from "../../base/text/index.ts";

/** Kept of what a cell says on stderr: the end of a stack trace. */
const KEPT_BYTES = 8192;
const SHOWN_UNITS = 2000;
/** Far more than a cell of ours says: a stack trace, or V8's page of figures when memory is out. */
const SAID_BYTES_MAX = 4 * 1024 * 1024;

/**
 * What a cell said last on its stderr. Only its own failures appear there, never guest output; but a cell that a guest
 * took over says there what the guest likes, so it is shown as a quotation.
 */
export class LastWords {
  #kept = Buffer.alloc(0);
  #saidBytes = 0;

  /** A cell that goes on talking is none of ours, and would keep the host process listening. */
  get isTooMuch(): boolean {
    return this.#saidBytes > SAID_BYTES_MAX;
  }

  add(chunk: Uint8Array): void {
    this.#saidBytes += chunk.length;
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  /** As the end of a sentence; empty when it said nothing. */
  quoted(): string {
    const words = this.#kept.toString("utf8").trim().slice(-SHOWN_UNITS);
    return words === "" ? "" : `; its last words, not to be trusted: "${plainText(words)}"`;
  }
}
