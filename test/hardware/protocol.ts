/** What the two sides of the serial cable agree on: the script on this machine and the first process in the emulated one. */

/** Where the emulated machine reads what to run: a JSON {@link Order}. */
export const ORDER_FILE = "/order.json";
/** Where {@link Order.classes} is handed on to the attacks, with commas in between. */
export const CLASSES_VARIABLE = "ZTL_HARDWARE_CLASSES";
/** The second serial port carries nothing but JSON lines, each an {@link Outcome}; the last one counts. */
export const RESULT_PORT = "/dev/ttyS1";

export interface Order {
  /** Files with tests. */
  readonly patterns: readonly string[];
  /** Where the attacks are among them (attacks.ts): the classes (by letter or name) and attacks that are tried; all when there is none. */
  readonly classes: readonly string[];
}

export interface Outcome {
  /** False while tests are still running: what is known of a machine that was ended. */
  readonly complete: boolean;
  readonly passed: number;
  readonly skipped: number;
  /** Names of the failed tests, and what kept tests from running at all. */
  readonly failures: readonly string[];
  /** Names of failed tests for which the emulator is to blame (emulator-faults.ts). */
  readonly emulatorFaults: readonly string[];
}

/** The last whole line: the machine may have been ended in the middle of one. */
export function parseOutcome(text: string): Outcome | undefined {
  const line = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .trimEnd()
    .split("\n")
    .at(-1);
  return line === undefined || line === "" ? undefined : (JSON.parse(line) as Outcome);
}
