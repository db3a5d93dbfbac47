import { setTimeout as sleep } from "node:timers/promises";
import { childPids } from "../src/sandbox/testing.ts";

/**
 * One checkout under measurement, in a process of its own: it does what the parent asks for, one thing at a time.
 * Arguments: its entry file, a directory for its templates.
 */

export type SubjectRequest = "start" | "call";
/** Milliseconds. */
export type SubjectReply = number;

/** The part of the package's interface that both checkouts have. */
interface Subject {
  readonly Sandbox: {
    open(options: { cells: number; prewarm: string[]; cacheDirectory: string }): Promise<{
      run(call: { tool: "python"; code: string }): Promise<{
        readonly status: string;
        readonly timingsMs: { readonly queue: number; readonly total: number };
      }>;
      close(): Promise<void>;
    }>;
  };
}

/** The host's end of a killed cell hears of it by then, mostly; a start that is measured begins after that. */
const SETTLE_MS = 30;
/** Calls that may meet the dead cell. */
const CALLS_MAX = 3;

if (process.send !== undefined) {
  const [, , entry, cacheDirectory] = process.argv as [string, string, string, string];
  const { Sandbox } = (await import(entry)) as Subject;
  const sandbox = await Sandbox.open({ cells: 1, prewarm: ["python"], cacheDirectory });
  const call = async (tries = 1): Promise<{ readonly queue: number; readonly total: number }> => {
    const { status, timingsMs } = await sandbox.run({ tool: "python", code: "print(1)" });
    if (status === "ok") return timingsMs;
    if (tries === 1) throw new Error(`A call of ${entry} ended ${status}`);
    return call(tries - 1);
  };
  /** The next call waits for a new cell, with its template loaded: that wait is the start. */
  const start = async () => {
    for (const pid of childPids()) process.kill(pid, "SIGKILL");
    while (childPids().length > 0) await sleep(1);
    await sleep(SETTLE_MS);
    return (await call(CALLS_MAX)).queue;
  };
  process.on("message", async (request: SubjectRequest) => {
    process.send?.(request === "start" ? await start() : (await call()).total);
  });
  process.once("disconnect", () => void sandbox.close());
  process.send("ready");
}
