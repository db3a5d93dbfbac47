import { Family } from "../net/abi.ts";
import { nameText } from "./numbers.ts";
import { quote } from "./quote.ts";

/** sockaddr_in and sockaddr_in6 (linux/in.h, linux/in6.h). */
const INET_BYTES = 8;
const INET6_BYTES = 24;

/** An address as a program handed it over: of any length from two bytes on. */
export function socketAddress(bytes: Buffer): string {
  const family = bytes.readUInt16LE(0);
  const name = nameText("family", family);
  if (family === Family.unix) return `{${name}, ${unixName(bytes.subarray(2))}}`;
  if (family === Family.inet && bytes.length >= INET_BYTES)
    return `{${name}, ${bytes.subarray(4, 8).join(".")}:${bytes.readUInt16BE(2)}}`;
  if (family === Family.inet6 && bytes.length >= INET6_BYTES)
    return `{${name}, [${inet6(bytes)}]:${bytes.readUInt16BE(2)}}`;
  return `{${name}}`;
}

/** Abstract names begin with a null, shown as an at sign; others end at one (unix(7)). */
function unixName(name: Buffer): string {
  if (name.length === 0) return "unnamed";
  if (name[0] === 0) return `@${quote(name.subarray(1))}`;
  const end = name.indexOf(0);
  return quote(end < 0 ? name : name.subarray(0, end));
}

/** The longest row of zero groups is left out, as RFC 5952 has it; a URL does that. */
function inet6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(8 + 2 * at).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}
