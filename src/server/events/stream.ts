import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { Entry } from "../../loop/index.ts";
import { EVENT_CLIENTS_MAX, EVENT_WRITE_TIMEOUT_MS, HEARTBEAT_MS } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { schemas } from "../requests.ts";
import type { ServerContext } from "../server-env.ts";
import type { Feed } from "./feed.ts";

/**
 * `GET /api/events`: one `entry` event for each ledger entry, its index as the id, and `reviews-changed` when something waits
 * anew or was decided. A client that was away names the last id it saw (`Last-Event-ID`) and gets what it missed, or `reset` when
 * that is too much (HTML Standard, section 9.2).
 */
export class EventStreams {
  readonly #feed: Feed;
  readonly #closing: AbortSignal;
  #clients = 0;

  constructor(feed: Feed, closing: AbortSignal) {
    this.#feed = feed;
    this.#closing = closing;
  }

  /** Ends by itself when `mayStay` says no: whoever asked has signed out since, or is no reviewer any more. */
  open(c: ServerContext, mayStay: () => boolean): Response | Promise<Response> {
    if (this.#clients >= EVENT_CLIENTS_MAX) {
      return refuse(
        c,
        503,
        "too-many-clients",
        `${EVENT_CLIENTS_MAX} pages are following already: close some of them.`,
      );
    }
    this.#clients++;
    const after = schemas.lastEventId.parse(c.req.header("last-event-id"));
    return streamSSE(c, async (stream) => {
      const ended = new AbortController();
      stream.onAbort(() => ended.abort());
      try {
        await this.#follow(stream, after, { signal: AbortSignal.any([ended.signal, this.#closing]), mayStay });
      } catch {
        // A ledger that cannot be read right now ends the stream; the client comes back by itself and asks again.
      } finally {
        this.#clients--;
        stream.abort();
      }
    });
  }

  async #follow(stream: SSEStreamingApi, after: number | undefined, { signal, mayStay }: Until): Promise<void> {
    const feed = this.#feed;
    const unwatch = await feed.watch();
    try {
      let next = after === undefined ? feed.size : after + 1;
      let { reviewsVersion } = feed;
      let isReading = await inTime(stream.write(": following\n\n"));
      while (isReading && !signal.aborted && mayStay()) {
        if (next < feed.size) {
          const { size } = feed;
          isReading = await tellEntries(stream, feed.since(next), size, signal);
          next = size;
        } else if (reviewsVersion !== feed.reviewsVersion) {
          reviewsVersion = feed.reviewsVersion;
          isReading = await inTime(stream.writeSSE({ event: "reviews-changed", data: "{}" }));
        } else if (!(await feed.changed(HEARTBEAT_MS, signal))) {
          isReading = await inTime(stream.write(": still here\n\n"));
        }
      }
    } finally {
      unwatch();
    }
  }
}

interface Until {
  readonly signal: AbortSignal;
  readonly mayStay: () => boolean;
}

/** False when the client stopped reading. */
async function tellEntries(
  stream: SSEStreamingApi,
  entries: readonly Entry[] | undefined,
  size: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (entries === undefined) return inTime(stream.writeSSE({ event: "reset", data: "{}", id: String(size - 1) }));
  for (const { index, kind, runId, agent, time } of entries) {
    if (index >= size || signal.aborted) break;
    const data = JSON.stringify({ index, kind, runId, agent, time });
    if (!(await inTime(stream.writeSSE({ event: "entry", data, id: String(index) })))) return false;
  }
  return true;
}

/** False when the client did not take it in time. */
async function inTime(written: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, EVENT_WRITE_TIMEOUT_MS, false);
  });
  try {
    return await Promise.race([written.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
