import type { DatabaseSync } from "node:sqlite";
import type { BlobFiles } from "../base/blob-files.ts";
import { terminalLine } from "../base/text/index.ts";
import { TIDY_AFTER_BYTES, TIDY_AFTER_MS } from "./limits.ts";
import { pruneSpaces } from "./spaces/space-pruning.ts";
import type { SpaceStore } from "./spaces/space-store.ts";
import type { ChangeSets } from "./state/change-sets.ts";

export interface HousekeepingParts {
  readonly database: DatabaseSync;
  readonly sets: ChangeSets;
  readonly store: SpaceStore;
  readonly blobs: BlobFiles;
  readonly now: () => number;
}

/**
 * Forgets what is old, or too much to be kept: when a workspace is opened, and beside what goes on in it whenever calls have written much,
 * or some time has gone by. Or else a process that is up for weeks, or a guest that writes over what it wrote, would fill the host's disk.
 */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  #writtenBytes = 0;
  #lastAt: number;
  #running: Promise<void> | undefined;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
    this.#lastAt = parts.now();
  }

  /** What is not just being written goes when nothing names it any more. */
  async tidy(): Promise<void> {
    const { database, sets, store, blobs, now } = this.#parts;
    await sets.prune();
    await pruneSpaces(database, now());
    await blobs.removeUnused((sha256) => sets.usesContent(sha256) || store.usesContent(sha256), Date.now());
  }

  /** To be told of contents that were written. What fails is tried again after the next so many. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes;
    const isDue = this.#writtenBytes >= TIDY_AFTER_BYTES || this.#parts.now() - this.#lastAt >= TIDY_AFTER_MS;
    if (!isDue || this.#running !== undefined) return;
    this.#writtenBytes = 0;
    this.#lastAt = this.#parts.now();
    this.#running = this.tidy()
      .catch((error: unknown) => {
        const why = terminalLine(error instanceof Error ? error.message : String(error));
        process.emitWarning(`What a workspace keeps was not tidied: ${why}`, { type: "ZtlWorkspaceWarning" });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.#running;
  }
}
