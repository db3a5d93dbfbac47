import type { HostPattern } from "../base/host-pattern.ts";
import { Grants, type ReadonlyGrant } from "./grant.ts";
import type { HostName } from "./host-name.ts";
import type { AddressBytes } from "./ip-address.ts";

/** What a run may reach. Each list narrows the others: a tool's, its role's, its agent's. */
export class Allowed {
  readonly #lists: readonly Grants[];

  /** @param lists grants that `grantsSchema` has accepted; without a list nothing is allowed */
  constructor(lists: readonly (readonly ReadonlyGrant[])[]) {
    this.#lists = lists.map((list) => new Grants(list));
  }

  allowsHost(name: HostName): boolean {
    return this.#every((grants) => grants.allowsHost(name));
  }

  allowsPort(name: HostName, port: number): boolean {
    return this.#every((grants) => grants.allowsPort(name, port));
  }

  /** Why not, by the first list that says no. */
  refusesAddress(name: HostName, port: number, address: AddressBytes): string | undefined {
    for (const grants of this.#lists) {
      const why = grants.refusesAddress(name, port, address);
      if (why !== undefined) return why;
    }
    return this.#lists.length === 0 ? "not-granted" : undefined;
  }

  /** For the guest's resolver: a name must match one pattern of each list. */
  get hostPatterns(): readonly (readonly HostPattern[])[] {
    return this.#lists.map(({ hosts }) => hosts);
  }

  #every(holds: (grants: Grants) => boolean): boolean {
    return this.#lists.length > 0 && this.#lists.every(holds);
  }
}
