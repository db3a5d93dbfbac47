/** How much may still be decoded from one text, in bytes. */
export class DecodingBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  /** Whether there was room. What does not fit uses the rest up, so that nobody gets on by trying. */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }
}
