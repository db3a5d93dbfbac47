import type { Trigger } from "../rule.ts";
import { SECRET_RULES } from "../rules/secrets.ts";
import { type ScanOptions, scan } from "../scanner.ts";

/** For tests: all that may begin a secret. */
export const SECRET_TRIGGERS: readonly Trigger[] = SECRET_RULES.flatMap(({ patterns }) =>
  patterns.flatMap((pattern) => (pattern.kind === "trigger" ? [pattern.trigger] : [])),
);

/** Tries of one content before its ratio is believed: noise only ever adds. */
const TRIES_MAX = 25;
/** In steps of so much the processor's time is counted on some machines, so that a try may be told one too few. */
const PROCESSOR_STEP_MS = 4;

/**
 * Tells how many times as long as clean text of its size a content takes. Both are timed in turn and the least of each counts;
 * once that is no more than `enough` it is not tried again.
 */
export function costRatioTo(
  clean: Uint8Array,
  enough: number,
  options: ScanOptions = {},
): (content: Uint8Array) => number {
  // On a busy machine a try is interrupted, and the clock goes on: the processor's time does not.
  const timeMs = (content: Uint8Array): number => {
    const processor = process.threadCpuUsage();
    const start = performance.now();
    scan(content, options);
    const wallMs = performance.now() - start;
    const { user, system } = process.threadCpuUsage(processor);
    return Math.min(wallMs, (user + system) / 1000 + PROCESSOR_STEP_MS);
  };
  for (let warmUp = 0; warmUp < 10; warmUp++) scan(clean);
  let cleanMs = timeMs(clean);
  return (content) => {
    let contentMs = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      cleanMs = Math.min(cleanMs, timeMs(clean));
      contentMs = Math.min(contentMs, timeMs(content));
      if (contentMs <= enough * cleanMs) break;
    }
    return contentMs / cleanMs;
  };
}
