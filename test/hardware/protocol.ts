/** What the two sides of the serial cable agree on: the script on this machine and the first process in the emulated one. */

/** Where the emulated machine reads which files to run: a JSON array of patterns. */
export const ORDER_FILE = "/order.json";
/** The second serial port carries nothing but one JSON line, an {@link Outcome}. */
export const RESULT_PORT = "/dev/ttyS1";

export interface Outcome {
  readonly passed: number;
  readonly skipped: number;
  /** Names of the failed tests, and what kept tests from running at all. */
  readonly failures: readonly string[];
  /** Names of failed tests for which the emulator is to blame (emulator-faults.ts). */
  readonly emulatorFaults: readonly string[];
}

export function parseOutcome(text: string): Outcome | undefined {
  try {
    return JSON.parse(text) as Outcome;
  } catch {
    return undefined;
  }
}
