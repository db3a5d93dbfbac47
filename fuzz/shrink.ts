import type { Fuzzer } from "./fuzzer.ts";

/** How often an input is tried again at the most: a slow one takes a second on a busy machine. */
const TRIES_MAX = 400;

/** What is left of an input, and what it still does. */
export interface Shrunk {
  readonly input: Uint8Array;
  readonly pieces: number;
  readonly reason: string;
}

/** The smallest input found that still fails; undefined when this one does not fail at all. */
export async function shrink(fuzzer: Fuzzer, input: Uint8Array): Promise<Shrunk | undefined> {
  const { pieces } = fuzzer;
  if (pieces === undefined) throw new Error("This fuzzer's inputs have no pieces that could be left out");
  let reason = await failure(fuzzer, input);
  if (reason === undefined) return undefined;
  const kept = await fewest(pieces.split(input), async (fewer) => {
    const again = await failure(fuzzer, pieces.join(fewer));
    reason = again ?? reason;
    return again !== undefined;
  });
  return { input: pieces.join(kept), pieces: kept.length, reason };
}

async function failure(fuzzer: Fuzzer, input: Uint8Array): Promise<string | undefined> {
  try {
    await fuzzer.check(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/**
 * Leaves out ever shorter runs of pieces as long as what is left fails (Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", 2002).
 */
async function fewest<T>(
  pieces: readonly T[],
  fails: (pieces: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = pieces;
  let tries = 0;
  for (let length = Math.max(kept.length >>> 1, 1); kept.length > 0; ) {
    const before = kept.length;
    // From the end: whatever came after the failure goes first.
    for (let start = kept.length - length; start > -length && tries < TRIES_MAX; start -= length) {
      const fewer = [...kept.slice(0, Math.max(start, 0)), ...kept.slice(start + length)];
      tries++;
      if (await fails(fewer)) kept = fewer;
    }
    if (length > 1) length >>>= 1;
    // Single pieces are gone through until none can go: one may have needed another that went after it was tried.
    else if (kept.length === before || tries >= TRIES_MAX) break;
  }
  return kept;
}
