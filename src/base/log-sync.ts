import { closeSync, fdatasync, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { syncPath } from "./durable-files.ts";
import { DatabaseSync } from "./sqlite.ts";
import { errorCode } from "./system-error.ts";

const flushData = promisify(fdatasync);

/**
 * After so many flushes the log is folded into its database: SQLite itself does so every 1,000 pages (sqlite.org, "Write-Ahead
 * Logging"), and a flush follows some four.
 */
const FLUSHES_PER_CHECKPOINT = 256;

/**
 * Makes durable what other connections, of any thread or process, committed to a database in WAL mode with `synchronous=NORMAL`: their
 * commits cost no wait for the disk, survive the end of their process, and after `flush` a loss of power, too. The connections
 * leave folding the log back to this one, since that waits for the disk as well.
 *
 * The log is opened apart from SQLite. Closing it takes no lock away: SQLite has none on this file (sqlite.org, "WAL-mode File Format",
 * section 2.3).
 */
export class LogSync {
  readonly #path: string;
  readonly #database: DatabaseSync;
  #fd: number | undefined;
  #flushes = 0;

  constructor(path: string) {
    this.#path = path;
    // Nobody waits for a checkpoint: what one cannot fold back for others' sake the next one does.
    this.#database = new DatabaseSync(path, { timeout: 0 });
  }

  /** What was committed before the call is durable when this resolves. Throws what the operating system says. */
  async flush(): Promise<void> {
    const fd = this.#log();
    if (fd !== undefined) await flushData(fd);
    if (++this.#flushes % FLUSHES_PER_CHECKPOINT === 0) this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#database.close();
  }

  /** Undefined while nothing was ever written. */
  #log(): number | undefined {
    // The last connection that closes removes the log; who opens the database again makes another.
    if (this.#fd !== undefined && fstatSync(this.#fd).nlink === 0) {
      closeSync(this.#fd);
      this.#fd = undefined;
    }
    if (this.#fd !== undefined) return this.#fd;
    try {
      this.#fd = openSync(`${this.#path}-wal`, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    syncPath(dirname(this.#path));
    return this.#fd;
  }
}
