import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE_MODE, privateDirectory } from "../../base/private-files.ts";
import { ORIGINALS_MAX } from "../limits.ts";

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

  /** Throws ZtlError `state-directory` for a directory that others can enter. */
  constructor(directory: string) {
    this.#directory = privateDirectory(directory, {
      code: "state-directory",
      otherwise: "name another state directory",
    });
  }

  keep(runId: string, name: OriginalName, bytes: Uint8Array): void {
    if (!RUN_ID.test(runId)) return;
    this.#forgetOldest();
    writeFileSync(this.#path(runId, name), bytes, { mode: PRIVATE_FILE_MODE });
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

  #path(runId: string, name: OriginalName): string {
    return join(this.#directory, `${runId}.${name}`);
  }

  #forgetOldest(): void {
    const names = readdirSync(this.#directory);
    if (names.length < ORIGINALS_MAX) return;
    const byAge = names.map((name) => ({ path: join(this.#directory, name), at: ageOf(join(this.#directory, name)) }));
    byAge.sort((a, b) => a.at - b.at);
    for (const { path } of byAge.slice(0, names.length - ORIGINALS_MAX + 1)) rmSync(path, { force: true });
  }
}

function ageOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
