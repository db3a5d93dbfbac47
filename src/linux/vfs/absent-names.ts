/** Names remembered for one tree; at some 150 bytes of host memory each, 1.5 MB. An interpreter's start asks for a few hundred. */
export const ABSENT_NAMES_MAX = 10_000;

/**
 * Names that directories of the host were found not to have: programs ask for the same ones again and again, in run after
 * run. A guest chooses them, so they are bounded, and a run that filled the room leaves it empty for the next one.
 */
export class AbsentNames {
  readonly #byDirectory = new Map<object, Set<string>>();
  readonly #limit: number;
  #size = 0;

  constructor(limit = ABSENT_NAMES_MAX) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  has(directory: object, name: string): boolean {
    return this.#byDirectory.get(directory)?.has(name) ?? false;
  }

  add(directory: object, name: string): void {
    if (this.#size >= this.#limit) return;
    let names = this.#byDirectory.get(directory);
    if (names === undefined) {
      names = new Set();
      this.#byDirectory.set(directory, names);
    }
    const before = names.size;
    names.add(name);
    this.#size += names.size - before;
  }

  forget(directory: object): void {
    this.#size -= this.#byDirectory.get(directory)?.size ?? 0;
    this.#byDirectory.delete(directory);
  }

  /** A run starts. */
  begin(): void {
    if (this.#size >= this.#limit / 2) this.clear();
  }

  clear(): void {
    this.#byDirectory.clear();
    this.#size = 0;
  }
}
