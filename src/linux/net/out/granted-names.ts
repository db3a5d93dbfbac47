import { type HostPattern, isInAll } from "../../../base/host-pattern.ts";
import type { IpAddress } from "../ip-address.ts";

/** 198.18.0.0/15, which is no one's (RFC 2544, RFC 6890): addresses that mean a name within this run and nothing outside. */
const BASE = 0xc612_0000;
/** The first 256 are for the machine's own. */
const FIRST = 256;
/** Names that one run may learn; a program that asks for more than a few hundred is only trying. */
const NAMES_MAX = 4096;
const MAPPED = "00000000000000000000ffff";

const addressAt = (offset: number): IpAddress => MAPPED + (BASE + offset).toString(16);

/** Where the guest's resolver sends its questions. */
export const RESOLVER: IpAddress = addressAt(1);
export const RESOLVER_TEXT = "198.18.0.1";
export const RESOLVER_PORT = 53;
/** The machine's own address on the way out. */
export const OUTWARD_SOURCE: IpAddress = addressAt(2);

/** The granted names that a run has asked for, each with an address of its own. */
export class GrantedNames {
  readonly #hosts: readonly (readonly HostPattern[])[];
  readonly #addresses = new Map<string, IpAddress>();
  readonly #names = new Map<IpAddress, string>();

  constructor(hosts: readonly (readonly HostPattern[])[]) {
    this.#hosts = hosts;
  }

  /** @returns `unknown` for a name that is not granted, `full` when no more names fit */
  addressOf(name: string): IpAddress | "unknown" | "full" {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    if (!isInAll(this.#hosts, name)) return "unknown";
    if (this.#addresses.size >= NAMES_MAX) return "full";
    const address = addressAt(FIRST + this.#addresses.size);
    this.#addresses.set(name, address);
    this.#names.set(address, name);
    return address;
  }

  /** The name that an address means; undefined for one that was not given out. */
  nameAt(address: IpAddress): string | undefined {
    return this.#names.get(address);
  }
}
