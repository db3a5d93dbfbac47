import { plainText } from "../../base/text/index.ts";

/** Kept of what a cell says on stderr: the end of a stack trace. */
const KEPT_BYTES = 8192;
const SHOWN_UNITS = 2000;

/**
 * What a cell said last on its stderr. Only its own failures appear there, never guest output; but a cell that a guest
 * took over says there what the guest likes, so it is shown as a quotation.
 */
export class LastWords {
  #kept = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  /** As the end of a sentence; empty when it said nothing. */
  quoted(): string {
    const words = this.#kept.toString("utf8").trim().slice(-SHOWN_UNITS);
    return words === "" ? "" : `; its last words, not to be trusted: "${plainText(words)}"`;
  }
}
