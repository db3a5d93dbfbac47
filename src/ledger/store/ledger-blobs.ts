import { join } from "node:path";
import { BlobFiles, type BlobState } from "../../base/blob-files.ts";
import { ZtlError } from "../../errors.ts";
import { BLOB_BYTES_MAX } from "../limits.ts";
import { fileError, LEDGER_REFUSAL } from "./files.ts";
import type { BlobStore } from "./store.ts";

/** A ledger's blobs as files, with errors in the ledger's words. */
export class LedgerBlobs implements BlobStore {
  readonly #files: BlobFiles;
  readonly #directory: string;

  constructor(directory: string, access: "write" | "read") {
    this.#directory = directory;
    this.#files = new BlobFiles({ directory, access, bytesMax: BLOB_BYTES_MAX, refusal: LEDGER_REFUSAL });
    if (access === "write") this.#files.removeAbandoned(Date.now());
  }

  /** From a copy: the caller may change its bytes while they are on their way to the disk. */
  put(bytes: Uint8Array): Promise<string> {
    const write = (): Promise<string> =>
      this.#files.keep(bytes.length > BLOB_BYTES_MAX ? bytes : Uint8Array.from(bytes));
    return this.#telling("ledger-write-failed", "Cannot keep a blob", write);
  }

  remove(sha256: string): void {
    this.#files.remove(sha256);
  }

  get(sha256: string): Promise<Uint8Array | undefined> {
    return this.#telling("ledger-read-failed", "Cannot read a blob", () => this.#files.get(sha256), sha256);
  }

  check(sha256: string): Promise<BlobState> {
    return this.#telling("ledger-read-failed", "Cannot read a blob", () => this.#files.check(sha256), sha256);
  }

  async #telling<T>(code: string, what: string, work: () => Promise<T>, name = ""): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (ZtlError.isInstance(error)) throw error;
      throw fileError(code, what, join(this.#directory, name), error);
    }
  }
}
