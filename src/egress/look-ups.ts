import type { HostName } from "./host-name.ts";
import { ADDRESSES_MAX, LOOK_UPS_AT_ONCE_MAX, RESOLVE_MS_MAX } from "./limits.ts";
import type { Resolver } from "./resolver.ts";

/**
 * Looks names up for one run: few at once, since this host's resolver has four threads that the whole process shares, and one
 * that waits for a server of the guest's choosing has one of them for that long.
 */
export class LookUps {
  readonly #resolver: Resolver;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  /** Undefined when nobody could tell in time, or `signal` ended it. */
  async addressesOf(name: HostName, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>();
    const stop = (): void => giveUp(undefined);
    const timer = setTimeout(stop, RESOLVE_MS_MAX);
    signal.addEventListener("abort", stop);
    try {
      const found = await Promise.race([this.#inTurn(name, signal), late]);
      return found?.slice(0, ADDRESSES_MAX);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  async #inTurn(name: HostName, signal: AbortSignal): Promise<readonly string[] | undefined> {
    while (this.#running >= LOOK_UPS_AT_ONCE_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (signal.aborted) {
      this.#waiting.shift()?.();
      return undefined;
    }
    this.#running++;
    try {
      return await this.#resolver.resolve(name);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
