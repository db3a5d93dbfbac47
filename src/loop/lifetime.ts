import { ZtlError } from "../errors.ts";

/** While a loop is open: what has been begun is waited for before anything is closed, and nothing is begun after that. */
export class Lifetime {
  readonly #running = new Set<Promise<unknown>>();
  #isOver = false;

  /** Throws ZtlError `closed`. */
  expectOpen(): void {
    if (this.#isOver) throw new ZtlError("closed", "The loop is closed");
  }

  /** `work` ends before the loop does. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** The same object, each method of which throws `closed` afterwards and is waited for before: none can be forgotten. */
  of<T extends object>(facade: T): T {
    return new Proxy(facade, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function" || name === "constructor") return member;
        return (...given: unknown[]): unknown => {
          this.expectOpen();
          const result: unknown = Reflect.apply(member, target, given);
          return result instanceof Promise ? this.during(result) : result;
        };
      },
    });
  }

  /** Resolves when everything begun has ended, well or not. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled([...this.#running]);
  }
}
