import { characterStart } from "../base/utf8.ts";
import { MODEL_OVERLAP_BYTES, MODEL_WINDOW_BYTES, MODEL_WINDOWS_MAX } from "./limits.ts";

/** A piece of the content, in bytes, end exclusive. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

export interface Windows {
  readonly asked: readonly Window[];
  /** What lies between head and tail when the content is too long to ask about all of it. */
  readonly skipped: Window | undefined;
}

const STEP = MODEL_WINDOW_BYTES - MODEL_OVERLAP_BYTES;
const HALF = MODEL_WINDOWS_MAX / 2;

/**
 * Overlapping windows over a whole text, or over its head and its tail. Cuts are moved back to the start of a character.
 * Each part is counted from its own side, so nothing an attacker adds in the middle moves the windows at the ends.
 */
export function windowsOf(bytes: Uint8Array): Windows {
  const needed = Math.max(1, Math.ceil((bytes.length - MODEL_OVERLAP_BYTES) / STEP));
  const count = Math.min(needed, MODEL_WINDOWS_MAX);
  const head = needed > count ? HALF : count;
  const tailFrom = bytes.length - (count - head) * STEP - MODEL_OVERLAP_BYTES;
  const asked = Array.from({ length: count }, (_, index) => {
    const start = index < head ? index * STEP : tailFrom + (index - head) * STEP;
    return { start: characterStart(bytes, start), end: characterStart(bytes, start + MODEL_WINDOW_BYTES) };
  });
  if (needed === count) return { asked, skipped: undefined };
  return { asked, skipped: { start: (asked[head - 1] as Window).end, end: (asked[head] as Window).start } };
}
