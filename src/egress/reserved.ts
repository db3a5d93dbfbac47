import { invariant } from "../errors.ts";
import { type AddressBytes, type AddressRange, isInRange, parseRange } from "./ip-address.ts";

/**
 * Addresses that are not of the public internet, with why (IANA IPv4 and IPv6 Special-Purpose Address Registries). A name that
 * leads to one is refused: what listens there trusts whoever can reach it.
 */
const RESERVED: readonly (readonly [range: string, why: string])[] = [
  // Those of cloud instances are told apart, for they hold credentials.
  ["169.254.169.254", "cloud-metadata"],
  ["169.254.170.2", "cloud-metadata"],
  ["100.100.100.200", "cloud-metadata"],
  ["168.63.129.16", "cloud-metadata"],
  ["192.0.0.192", "cloud-metadata"],
  ["fd00:ec2::254", "cloud-metadata"],
  ["fd20:ce::254", "cloud-metadata"],
  ["0.0.0.0/8", "unspecified"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade-nat"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.2.0/24", "documentation"],
  ["192.31.196.0/24", "reserved"],
  ["192.52.193.0/24", "reserved"],
  ["192.88.99.0/24", "relay"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "reserved"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["240.0.0.0/4", "reserved"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  // An IPv4 address within one of IPv6: whatever it means, it could have been said plainly.
  ["::ffff:0:0/96", "ipv4-mapped"],
  ["::ffff:0:0:0/96", "ipv4-translated"],
  ["::/96", "ipv4-compatible"],
  ["64:ff9b::/96", "nat64"],
  ["64:ff9b:1::/48", "nat64"],
  ["2002::/16", "6to4"],
  ["2001::/32", "teredo"],
  ["2001:db8::/32", "documentation"],
  ["2001::/23", "reserved"],
  ["3fff::/20", "documentation"],
  ["5f00::/16", "segment-routing"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
];

/** The only part of IPv6 that is given out as global unicast (RFC 4291, 2.4; IANA IPv6 Address Space). */
const GLOBAL_V6 = rangeOf("2000::/3");
const RANGES = RESERVED.map(([text, why]) => ({ range: rangeOf(text), why }));

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  invariant(range !== undefined, `${text} is an address range`);
  return range;
}

/** Why an address is not one of the public internet; undefined for one that is. */
export function reservedAs(address: AddressBytes): string | undefined {
  const found = RANGES.find(({ range }) => isInRange(address, range));
  if (found !== undefined) return found.why;
  return address.length === 4 || isInRange(address, GLOBAL_V6) ? undefined : "reserved";
}
