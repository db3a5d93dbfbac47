import { sha256Stream } from "../../base/sha256.ts";
import { OverlayFull } from "./budget.ts";
import type { RamFile } from "./ram-file.ts";

const BUFFER_BYTES = 1024 * 1024;

/** SHA-256 of what a run's files hold now, in hex. A file with many names is read once. */
export class NewHashes {
  readonly #known = new Map<RamFile, string>();
  readonly #work: () => void;
  #leftBytes: number;

  /** @param limitBytes all contents together: a file of the host that was only renamed is handed out, too, and may be of any size */
  constructor(limitBytes: number, work: () => void) {
    this.#leftBytes = limitBytes;
    this.#work = work;
  }

  /** Throws OverlayFull when the contents are more than a run may hand out. */
  of(file: RamFile): string {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    this.#leftBytes -= file.sizeBytes;
    if (this.#leftBytes < 0) throw new OverlayFull();
    const hash = sha256Stream();
    const buffer = new Uint8Array(Math.min(BUFFER_BYTES, file.sizeBytes));
    for (let position = 0; position < file.sizeBytes; ) {
      this.#work();
      const bytes = file.read(buffer, position);
      hash.update(buffer.subarray(0, bytes));
      position += bytes;
    }
    const sha256 = hash.digest("hex");
    this.#known.set(file, sha256);
    return sha256;
  }
}
