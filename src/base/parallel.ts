import { Pace } from "./pace.ts";

/**
 * Runs `work` on all items, so many at a time, and lets others in between when it never waits for anything. After a failure no more are
 * begun, and it is thrown when all have ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const pace = new Pace();
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
      if (pace.isOver) await pace.rest();
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
