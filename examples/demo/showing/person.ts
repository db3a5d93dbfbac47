import type { ZeroTrustLoop } from "../../../src/loop/index.ts";
import { WAIT_POLL_MS } from "../limits.ts";

/** Resolves when nothing waits any more, or at Enter or Ctrl-D on the terminal. Rejects when the signal is aborted. */
export async function waitForPerson(loop: ZeroTrustLoop, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const ended = AbortSignal.any([signal, done.signal]);
  const onEnter = (): void => done.abort();
  process.stdin.once("data", onEnter).once("end", onEnter).resume();
  try {
    // Decisions may also come from another process, so the state is looked at instead of waiting for events.
    while (!ended.aborted && (await loop.reviews.list()).length > 0) await sleep(WAIT_POLL_MS, ended);
    signal.throwIfAborted();
  } finally {
    process.stdin.off("data", onEnter).off("end", onEnter).pause();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
