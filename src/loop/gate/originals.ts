import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE_MODE, privateDirectory } from "../../base/private-files.ts";
import { ORIGINALS_BYTES_MAX, ORIGINALS_MAX } from "../limits.ts";

/** Which of a run's texts: what it printed, or what a tool returned that ran elsewhere. */
export type OriginalName = "stdout" | "stderr" | "result";

/** Ids come from addresses of the page too; those of runs are UUIDs. */
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Texts with secrets in them, as they were, for people alone. The ledger and the model have them masked; they lie beside it in
 * the state directory, which no tool sees, and the oldest are forgotten.
 */
export class Originals {
  readonly #directory: string;
  readonly #max: { readonly count: number; readonly bytes: number };

  /** Throws ZtlError `state-directory` for a directory that others can enter. */
  constructor(directory: string, max = { count: ORIGINALS_MAX, bytes: ORIGINALS_BYTES_MAX }) {
    this.#max = max;
    this.#directory = privateDirectory(directory, {
      code: "state-directory",
      otherwise: "name another state directory",
    });
  }

  /** False when the text cannot be kept, be it too large or the disk full: the run it is of has happened all the same. */
  keep(runId: string, name: OriginalName, bytes: Uint8Array): boolean {
    if (!RUN_ID.test(runId) || bytes.length > this.#max.bytes) return false;
    const path = this.#path(runId, name);
    try {
      this.#makeRoom(bytes.length);
      writeFileSync(path, bytes, { mode: PRIVATE_FILE_MODE });
      return true;
    } catch {
      removeHalf(path);
      return false;
    }
  }

  /** Undefined for what held no secret, or was forgotten. */
  of(runId: string, name: OriginalName): Uint8Array | undefined {
    if (!RUN_ID.test(runId)) return undefined;
    try {
      return readFileSync(this.#path(runId, name));
    } catch {
      return undefined;
    }
  }

  forget(runId: string): void {
    if (!RUN_ID.test(runId)) return;
    for (const name of ["stdout", "stderr", "result"] as const) rmSync(this.#path(runId, name), { force: true });
  }

  #path(runId: string, name: OriginalName): string {
    return join(this.#directory, `${runId}.${name}`);
  }

  /** Forgets the oldest until there is room for one more, of so many bytes. */
  #makeRoom(bytesNeeded: number): void {
    const kept = readdirSync(this.#directory).map((name) => {
      const path = join(this.#directory, name);
      const { mtimeMs = 0, size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
      return { path, mtimeMs, size };
    });
    kept.sort((a, b) => a.mtimeMs - b.mtimeMs);
    let count = kept.length + 1;
    let bytes = kept.reduce((sum, { size }) => sum + size, bytesNeeded);
    for (const { path, size } of kept) {
      if (count <= this.#max.count && bytes <= this.#max.bytes) return;
      rmSync(path, { force: true });
      count--;
      bytes -= size;
    }
  }
}

/** Half a text would pass for the whole. */
function removeHalf(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It cannot be told from one that is there; the note says that nothing was kept.
  }
}
