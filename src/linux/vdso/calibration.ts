import { readFileSync } from "node:fs";
import type { Machine } from "../../vmm/index.ts";
import { readCounter } from "./vdso.ts";

/** How a guest's counter relates to the host's clocks. */
export interface Calibration {
  readonly baseCounter: bigint;
  /** Nanoseconds per count, times 2^32. */
  readonly factor: bigint;
  readonly baseMonotonicNs: bigint;
  /** Counts from the base within which the counter is trusted. */
  readonly distanceMax: bigint;
}

/** After this a machine's counter is compared with the clock again: clocks are steered by up to 500 ppm (adjtimex(2)). */
const FRESH_MS = 10_000;
/** A run that goes on longer than this reads clocks by system call. */
const TRUST_SECONDS = 60n;

const CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/** Clock sources that are the counter itself; with others the host does not trust it, so neither do we. */
const COUNTER_SOURCES = new Set(["tsc", "kvm-clock", "hyperv_clocksource_tsc_page"]);

/** Whether the counter may be used on this host at all. */
export function counterIsTrusted(): boolean {
  try {
    return COUNTER_SOURCES.has(readFileSync(CLOCK_SOURCE, "latin1").trim());
  } catch {
    return false;
  }
}

/** Keeps a machine's calibration over its runs. */
export class Calibrator {
  readonly #trusted = counterIsTrusted();
  #calibration: Calibration | undefined;
  #takenMs = Number.NEGATIVE_INFINITY;

  /**
   * The calibration to start a run with; undefined when the counter is not to be used. Now and then this makes the machine
   * read its counter and rolls it back: it must stand at its snapshot, and does afterwards.
   */
  current(machine: Machine, codePage: number): Calibration | undefined {
    if (!this.#trusted) return undefined;
    if (performance.now() - this.#takenMs < FRESH_MS) return this.#calibration;
    const khz = machine.cpu.counterKhz;
    if (khz === 0) return undefined;
    const { counter, beforeNs, afterNs } = readCounter(machine, codePage);
    machine.rollback();
    this.#takenMs = performance.now();
    this.#calibration = {
      baseCounter: counter,
      factor: (1_000_000n << 32n) / BigInt(khz),
      baseMonotonicNs: (beforeNs + afterNs) / 2n,
      distanceMax: BigInt(khz) * 1000n * TRUST_SECONDS,
    };
    return this.#calibration;
  }
}
