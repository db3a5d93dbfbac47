import { fail } from "../errno.ts";
import { Family } from "./abi.ts";

/**
 * An address of IPv4 or IPv6: its 16 bytes in hexadecimal, those of IPv4 as "mapped" ones (RFC 4291, 2.5.5.2), so that one
 * text stands for one address whichever kind of socket it is used by.
 */
export type IpAddress = string;

export interface Endpoint {
  readonly ip: IpAddress;
  readonly port: number;
}

const MAPPED = "00000000000000000000ffff";
export const ANY_V4: IpAddress = `${MAPPED}00000000`;
export const ANY_V6: IpAddress = "0".repeat(32);
export const LOOPBACK_V4: IpAddress = `${MAPPED}7f000001`;
export const LOOPBACK_V6: IpAddress = `${"0".repeat(31)}1`;

export const isV4 = (ip: IpAddress): boolean => ip.startsWith(MAPPED);
export const isAny = (ip: IpAddress): boolean => ip === ANY_V4 || ip === ANY_V6;
/** 127.0.0.0/8 and ::1 are what the loopback interface has. */
export const isLocal = (ip: IpAddress): boolean => ip.startsWith(`${MAPPED}7f`) || ip === LOOPBACK_V6;

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast(ip: IpAddress): boolean {
  return isV4(ip) ? ip[MAPPED.length] === "e" : ip.startsWith("ff");
}

/** 255.255.255.255 and the last address of the loopback network. */
export const isBroadcast = (ip: IpAddress): boolean => ip === `${MAPPED}ffffffff` || ip === `${MAPPED}7fffffff`;

/** struct sockaddr_in and sockaddr_in6 (linux/in.h, linux/in6.h); the latter's scope may be missing (RFC 2133). */
const V4_BYTES = 16;
const V6_BYTES = 28;
const V6_BYTES_MIN = 24;

/** A struct sockaddr of this family: EINVAL when too short. The family it says is the caller's to check. */
export function readEndpoint(address: Buffer, family: number): Endpoint {
  if (address.length < (family === Family.inet ? V4_BYTES : V6_BYTES_MIN)) fail("EINVAL");
  const port = address.readUInt16BE(2);
  if (family === Family.inet) return { ip: MAPPED + address.toString("hex", 4, 8), port };
  return { ip: address.toString("hex", 8, 24), port };
}

/** The struct sockaddr a socket of this family shows; without an endpoint one of zeros. */
export function writeEndpoint(endpoint: Endpoint | undefined, family: number): Buffer {
  const bytes = Buffer.alloc(family === Family.inet ? V4_BYTES : V6_BYTES);
  bytes.writeUInt16LE(family, 0);
  if (endpoint === undefined) return bytes;
  bytes.writeUInt16BE(endpoint.port, 2);
  if (family === Family.inet) bytes.write(endpoint.ip.slice(MAPPED.length), 4, "hex");
  // Nothing bound, of whatever version, shows as no address at all.
  else bytes.write(endpoint.ip, 8, "hex");
  return bytes;
}

/** As people write it, for the run's record of attempts to leave the machine. */
export function describeEndpoint({ ip, port }: Endpoint): string {
  if (isV4(ip)) return `${Buffer.from(ip.slice(MAPPED.length), "hex").join(".")}:${port}`;
  return `[${ip.replace(/(....)(?!$)/g, "$1:")}]:${port}`;
}
