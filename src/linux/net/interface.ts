import { LOOPBACK_INDEX } from "./abi.ts";
import { type IpAddress, isV4, LOOPBACK_V4, LOOPBACK_V6 } from "./ip-address.ts";

/** What an interface is (linux/if.h): up, loopback, running; the last bit only where there is room for it (netlink). */
const Iff = { up: 1, loopback: 8, running: 0x40, lowerUp: 0x1_0000 } as const;

/** The one interface there is, as a host's own looks (netdevice(7), rtnetlink(7)). */
export const LOOPBACK = {
  name: "lo",
  index: LOOPBACK_INDEX,
  flags: Iff.up | Iff.loopback | Iff.running | Iff.lowerUp,
  /** ARPHRD_LOOPBACK (linux/if_arp.h). */
  hardwareType: 772,
  hardwareAddressBytes: 6,
  mtu: 65_536,
  queueLength: 1000,
} as const;

/** An address of the interface. */
export interface InterfaceAddress {
  readonly ip: IpAddress;
  readonly prefixBits: number;
}

export const ADDRESSES: readonly InterfaceAddress[] = [
  { ip: LOOPBACK_V4, prefixBits: 8 },
  { ip: LOOPBACK_V6, prefixBits: 128 },
];

/** The bytes of an address in its own version. */
export function addressBytes(ip: IpAddress): Buffer {
  const bytes = Buffer.from(ip, "hex");
  return isV4(ip) ? bytes.subarray(12) : bytes;
}
