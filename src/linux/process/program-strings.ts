import type { Allowance } from "../allowance.ts";

/** What a string counts as memory beside its bytes. */
const STRING_BYTES = 40;

/**
 * The arguments and environment a program was started with, for /proc/PID/cmdline and environ. Children share those of
 * their parent, so they count as memory once, until the last process lets go of them.
 */
export class ProgramStrings {
  readonly commandLine: readonly string[];
  readonly environment: readonly string[];
  readonly #allowance: Allowance | undefined;
  readonly #bytes: number;
  #users = 1;

  /** @param allowance absent for what came with a template. */
  constructor(commandLine: readonly string[], environment: readonly string[], allowance?: Allowance) {
    this.commandLine = commandLine;
    this.environment = environment;
    this.#allowance = allowance;
    // Counted only for those who pay: what came with a template is made anew in each run.
    this.#bytes =
      allowance === undefined
        ? 0
        : [...commandLine, ...environment].reduce((sum, { length }) => sum + STRING_BYTES + length, 0);
    allowance?.charge(this.#bytes);
  }

  share(): this {
    this.#users++;
    return this;
  }

  release(): void {
    if (--this.#users === 0) this.#allowance?.refund(this.#bytes);
  }
}

export const NO_STRINGS = new ProgramStrings([], []);
