import { isIPv4, isIPv6 } from "node:net";

/** The bytes of an address: 4 of IPv4, 16 of IPv6. */
export type AddressBytes = Uint8Array;

/** Undefined for what is no address in its usual notation; a zone ("fe80::1%eth0") is none, for it names an interface of this host. */
export function parseAddress(text: string): AddressBytes | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text) || text.includes("%")) return undefined;
  return parseV6(text);
}

/** Of a text that isIPv6 has accepted (RFC 4291, 2.2). */
function parseV6(text: string): AddressBytes {
  const [before = "", after] = text.split("::");
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  const middle = new Array<number>(8 - head.length - tail.length).fill(0);
  return Uint8Array.from([...head, ...middle, ...tail].flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (!part.includes(".")) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** The notation of RFC 5952 but for the run of zeros, which is left long: for records, never for comparing. */
export function describeAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 2)
    parts.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return parts.join(":");
}

/** Addresses whose first bits are these. */
export interface AddressRange {
  readonly bytes: AddressBytes;
  readonly bits: number;
}

/** "10.0.0.0/8", "fd00::/8", or one address. Undefined for what is neither, and where bits behind the prefix are set: a slip. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = "", length, ...more] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === undefined || more.length > 0) return undefined;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const bits = Number(length);
  if (bits > bytes.length * 8) return undefined;
  const hasMore = bytes.some((byte, index) => (byte & ~maskOf(bits, index) & 0xff) !== 0);
  return hasMore ? undefined : { bytes, bits };
}

export function isInRange(address: AddressBytes, { bytes, bits }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  return address.every((byte, index) => (byte & maskOf(bits, index)) === bytes[index]);
}

/** The mask of one byte of a prefix. */
function maskOf(bits: number, index: number): number {
  const own = Math.min(Math.max(bits - index * 8, 0), 8);
  return (0xff << (8 - own)) & 0xff;
}
