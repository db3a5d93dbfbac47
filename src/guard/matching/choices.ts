import type { Probe } from "../rule-set.ts";

/** A value of a key, and what follows from it. */
export interface Choice {
  readonly value: string;
  readonly probes: Probe[];
}

const NONE: readonly Choice[] = [];

/** The values that rules name of one key, by their first byte: nearly all differ in it. */
export class Choices {
  readonly #byFirst = new Map<number, Choice[]>();

  add(value: string, probe: Probe): void {
    const first = value.charCodeAt(0);
    const choices = this.#byFirst.get(first) ?? [];
    this.#byFirst.set(first, choices);
    const known = choices.find((choice) => choice.value === value);
    if (known === undefined) choices.push({ value, probes: [probe] });
    else known.probes.push(probe);
  }

  /** Those that begin with this byte. */
  beginningWith(byte: number | undefined): readonly Choice[] {
    return (byte !== undefined && this.#byFirst.get(byte)) || NONE;
  }
}
