import { domainToASCII } from "node:url";
import { LABEL_LENGTH_MAX, NAME_LENGTH_MAX } from "./limits.ts";

/** A name of the DNS in the one form that is compared: ASCII, lower case, without a last dot. */
export type HostName = string & { readonly brand: "HostName" };

/** Letters, digits, and inside hyphens and underscores, which some hosts have although RFC 1123 knows none. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
/** What a resolver may take for an address: "127.1", "0x7f000001", "2130706433" (inet_aton(3), WHATWG URL 3.5). */
const NUMERIC = /^(?:[0-9]+|0x[0-9a-f]*)$/;
/**
 * Characters that no host name has: some parsers take what is before or behind them for the host. A percent sign would be
 * decoded, and begins the zone of an IPv6 address.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are among what is refused.
const FORBIDDEN = /[\x00-\x20\x7f%@:/\\?#[\]<>^|"'`{}()$&,;=+!*~]/;

/**
 * The one form of a name that somebody wrote; undefined for what is none. Addresses are no names, in whatever notation: what a
 * grant says of a name would say nothing of them.
 */
export function parseHostName(text: string): HostName | undefined {
  if (text.length > 4 * NAME_LENGTH_MAX || FORBIDDEN.test(text)) return undefined;
  const ascii = domainToASCII(text).toLowerCase();
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  return isHostName(name) ? name : undefined;
}

/** Whether this is a name in its one form already. */
export function isHostName(name: string): name is HostName {
  if (name.length === 0 || name.length > NAME_LENGTH_MAX) return false;
  const labels = name.split(".");
  if (!labels.every((label) => label.length <= LABEL_LENGTH_MAX && LABEL.test(label))) return false;
  return !NUMERIC.test(labels.at(-1) ?? "");
}
