import { lookup } from "node:dns/promises";
import { type HostName, parseHostName } from "./host-name.ts";
import { ADDRESSES_MAX } from "./limits.ts";

/** Finds the addresses of a name. What it gives is checked afterwards, whoever it is. */
export interface Resolver {
  /** Addresses in the order they are to be tried, none for a name that does not exist. Rejects when it cannot tell. */
  resolve(name: HostName): Promise<readonly string[]>;
}

/** The resolver of this host (getaddrinfo(3)), which may know names that only its own network has. */
export class HostResolver implements Resolver {
  async resolve(name: HostName): Promise<readonly string[]> {
    try {
      const found = await lookup(name, { all: true, order: "ipv4first" });
      return found.slice(0, ADDRESSES_MAX).map(({ address }) => address);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOTFOUND") return [];
      throw error;
    }
  }
}

/** Names with addresses of their own, and another resolver for all others. */
export class FixedNames implements Resolver {
  readonly #names: ReadonlyMap<string, readonly string[]>;
  readonly #others: Resolver | undefined;

  /** @param others asked for names that are not there; without it they do not exist */
  constructor(names: Readonly<Record<string, readonly string[]>>, others?: Resolver) {
    this.#names = new Map(Object.entries(names).map(([name, list]) => [parseHostName(name) ?? name, list]));
    this.#others = others;
  }

  async resolve(name: HostName): Promise<readonly string[]> {
    return this.#names.get(name) ?? (await this.#others?.resolve(name)) ?? [];
  }
}
