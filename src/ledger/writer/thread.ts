import { parentPort, workerData } from "node:worker_threads";
import { LogSync } from "../../base/log-sync.ts";
import { invariant } from "../../errors.ts";
import { SqliteStore } from "../store/sqlite-store.ts";
import { GroupCommit } from "./group-commit.ts";
import { type Outcome, type ThreadData, type ToThread, tellError } from "./messages.ts";

/**
 * The thread that writes a ledger: hashing, signing, SQLite and its fsync block it and nobody else. It ends by itself after an error
 * that it does not know; see `WriterThread`. Nothing that takes long to load is imported here.
 */
invariant(parentPort, "this file runs as a thread");
const port = parentPort;
const { directory, key, beside } = workerData as ThreadData;
const logs = beside.map((path) => new LogSync(path));
const store = new SqliteStore({ directory });
const commits = new GroupCommit(store, key, flushLogs);
let outcomes: Outcome[] = [];

async function flushLogs(): Promise<void> {
  try {
    await Promise.all(logs.map((log) => log.flush()));
  } catch (error) {
    // After a failed fsync nobody knows what is on disk (fsync(2), NOTES): nothing can be promised any more.
    setImmediate(() => {
      throw error;
    });
    await new Promise(() => {});
  }
}

/** The outcomes of a group go back as one message. */
function tell(outcome: Outcome): void {
  outcomes.push(outcome);
  if (outcomes.length > 1) return;
  queueMicrotask(() => {
    port.postMessage(outcomes);
    outcomes = [];
  });
}

port.on("message", (message: ToThread) => {
  if (message === "close") {
    void close();
    return;
  }
  for (const { id, draft } of message) {
    const work = draft === undefined ? commits.flush() : commits.add(draft);
    work.then(
      (place) => tell({ id, place: place ?? undefined }),
      (error: unknown) => tell({ id, error: tellError(error) }),
    );
  }
});

async function close(): Promise<void> {
  await commits.close();
  // The last outcomes are told first.
  await new Promise((resolve) => setImmediate(resolve));
  store.close();
  for (const log of logs) log.close();
  port.close();
}
