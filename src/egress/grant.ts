import { z } from "zod";
import { type HostPattern, matchesHost } from "../base/host-pattern.ts";
import type { HostName } from "./host-name.ts";
import { describeHost, parseHostPattern } from "./host-pattern.ts";
import { type AddressBytes, type AddressRange, isInRange, parseRange } from "./ip-address.ts";
import { GRANT_ADDRESSES_MAX, GRANT_PORTS_MAX, GRANTS_MAX, PORT_MAX } from "./limits.ts";
import { reservedAs } from "./reserved.ts";

const host = z
  .string()
  .refine(
    (text) => parseHostPattern(text) !== undefined,
    "must be a host's name such as api.example.com, or *.example.com for all names below one; addresses are none",
  )
  .describe("A host by name, or *.example.com for all names below that one.");
const range = z
  .string()
  .refine((text) => parseRange(text) !== undefined, "must be an IP address or a range such as 10.1.0.0/16");

/** What is named here and cannot be promised yet; a setting that would be read and not kept is refused. */
const needsInspection = z
  .never("needs a look into the connection, which this version does not take: it grants hosts and ports")
  .optional()
  .describe("Not in this version, which does not look into connections.");

/** One grant as it is written. */
export const grantSchema = z.strictObject({
  host,
  ports: z
    .array(z.number().int().min(1).max(PORT_MAX))
    .min(1)
    .max(GRANT_PORTS_MAX)
    .describe("TCP ports of it, such as 443."),
  addresses: z
    .array(range)
    .min(1)
    .max(GRANT_ADDRESSES_MAX)
    .optional()
    .describe(
      "Where the host must lie, as addresses or ranges. Default: anywhere on the public internet. Private, loopback and other special addresses are reached only when they are named here.",
    ),
  methods: needsInspection,
  paths: needsInspection,
  inspect: needsInspection,
});

export const grantsSchema = z.array(grantSchema).max(GRANTS_MAX);

/** `{ host: "api.example.com", ports: [443] }` */
export type EgressGrant = Omit<z.input<typeof grantSchema>, "methods" | "paths" | "inspect">;

interface ParsedGrant {
  readonly host: HostPattern;
  readonly ports: ReadonlySet<number>;
  readonly addresses: readonly AddressRange[] | undefined;
}

/** Why an address is refused; undefined when it is not. */
export type AddressRefusal = string | undefined;

/** A list of grants: what one of them allows is allowed. */
export class Grants {
  readonly #grants: readonly ParsedGrant[];

  /** Grants that {@link grantsSchema} has accepted. */
  constructor(grants: readonly ReadonlyGrant[]) {
    this.#grants = grants.map((grant) => ({
      host: parseHostPattern(grant.host) as HostPattern,
      ports: new Set(grant.ports),
      addresses: grant.addresses?.map((text) => parseRange(text) as AddressRange),
    }));
  }

  /** The patterns of all hosts, as they are compared. */
  get hosts(): readonly HostPattern[] {
    return this.#grants.map(({ host }) => host);
  }

  allowsHost(name: HostName): boolean {
    return this.#grants.some((grant) => matchesHost(grant.host, name));
  }

  allowsPort(name: HostName, port: number): boolean {
    return this.#of(name, port).length > 0;
  }

  /** By at least one grant for this name and port. */
  refusesAddress(name: HostName, port: number, address: AddressBytes): AddressRefusal {
    let why: AddressRefusal = "not-granted";
    for (const { addresses } of this.#of(name, port)) {
      if (addresses === undefined) why = reservedAs(address);
      else if (addresses.some((one) => isInRange(address, one))) return undefined;
      if (why === undefined) return undefined;
    }
    return why;
  }

  #of(name: HostName, port: number): readonly ParsedGrant[] {
    return this.#grants.filter((grant) => grant.ports.has(port) && matchesHost(grant.host, name));
  }
}

/** As a configuration has it. */
export interface ReadonlyGrant {
  readonly host: string;
  readonly ports: readonly number[];
  readonly addresses?: readonly string[] | undefined;
}

/** As people read it: "api.example.com:443" and, where it says so, within which addresses. */
export function describeGrant({ host, ports, addresses }: ReadonlyGrant): string {
  const pattern = parseHostPattern(host);
  const where = addresses === undefined ? "" : `, at ${addresses.join(", ")} only`;
  return `${pattern === undefined ? host : describeHost(pattern)}:${ports.join(",")}${where}`;
}
