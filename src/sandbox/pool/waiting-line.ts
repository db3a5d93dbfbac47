import { ZtlError } from "../../errors.ts";

interface Place<T> {
  readonly serve: (thing: T) => void;
  readonly refuse: (error: ZtlError) => void;
}

/** A bounded first-come, first-served line for things that become free. */
export class WaitingLine<T> {
  readonly #limit: number;
  // A Set keeps the order of insertion and lets a cancelled place leave from the middle at no cost.
  readonly #places = new Set<Place<T>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#places.size;
  }

  /** Waits for one; rejects with ZtlError `queue-full` or, when the signal fires, `cancelled`. */
  join(signal?: AbortSignal): Promise<T> {
    if (this.#places.size >= this.#limit) {
      return Promise.reject(
        new ZtlError("queue-full", `${this.#limit} calls already wait for a cell`, { limit: this.#limit }),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#places.delete(place);
        signal?.removeEventListener("abort", abort);
      };
      const place: Place<T> = {
        serve: (thing) => {
          leave();
          resolve(thing);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const abort = (): void => place.refuse(new ZtlError("cancelled", "The call was cancelled while it waited"));
      this.#places.add(place);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort);
    });
  }

  /** Gives the thing to whoever waited longest; false when nobody waits. */
  serve(thing: T): boolean {
    const [first] = this.#places;
    first?.serve(thing);
    return first !== undefined;
  }

  refuseFirst(error: ZtlError): void {
    const [first] = this.#places;
    first?.refuse(error);
  }

  refuseAll(error: ZtlError): void {
    for (const place of [...this.#places]) place.refuse(error);
  }
}
