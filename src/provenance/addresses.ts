import { DIGIT_BITS, type Facts, LETTER_BITS } from "./fact.ts";

const AT =
  /(?<![\w.+%-])([\w.+%-]{1,64})(?:@| ?[[({<] ?(?:at|@) ?[\])}>] ?| at )([\w-]{1,63}(?:(?:\.| ?[[({<] ?(?:dot|\.) ?[\])}>] ?| dot )[\w-]{1,63}){1,6})/gi;
const URL_LIKE = /\b(?:h(?:tt|xx)ps?|ftp|wss?)(?::|\[:\])\/\/([^\s"'<>`)\]}|\\^]{1,2000})/gi;
const DOTTED =
  /(?<![\w.@-])[a-z0-9-]{1,63}(?:(?:\.|\[\.\]|\(\.\)|\[dot\])[a-z0-9-]{1,63}){0,6}(?:\.|\[\.\]|\(\.\)|\[dot\])[a-z]{2,24}(?:\/[^\s"'<>`)\]}|\\^]{0,500})?(?![\w@-])/gi;
const DOT = / ?[[({<] ?(?:dot|\.) ?[\])}>] ?| dot /gi;
const IP = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)/g;
const IBAN_START = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}/gi;
/** A host in a mail address or a URL is one; a word with a dot may be a file, which every project has. */
const HOST_BITS = 6;
const BARE_BITS = -9;
/** One that no host ends in is a member's name in a program: `numpy.linalg.solve`. */
const UNLIKELY_BITS = -20;
/**
 * What hosts end in beside the codes of countries: what most of them do, and what is reserved for examples and one's own network
 * (RFC 2606, RFC 6761, RFC 8375). A host of another kind is known by its scheme, its path or an at sign.
 */
const ENDINGS = new Set(
  (
    "com net org edu gov mil int info biz name pro dev app xyz online site tech store shop cloud page link live news blog media " +
    "email agency world today digital solutions services group team work bank finance example test invalid local internal lan home " +
    "corp arpa onion localhost"
  ).split(" "),
);
/** Everybody writes them, and nobody is there. */
const NOBODYS = new Set(["example.com", "example.net", "example.org"]);
const IBAN_MIN = 15;
const IBAN_MAX = 34;

/** Mail addresses, URLs, hosts, IP addresses and IBANs. */
export function findAddresses(text: string, facts: Facts): void {
  findMail(text, facts);
  for (const { 0: all, 1: rest = "", index } of text.matchAll(URL_LIKE)) addUrl(rest, index, all.length, facts);
  for (const { 0: all, index } of text.matchAll(DOTTED)) addUrl(all, index, all.length, facts, BARE_BITS);
  for (const { 0: all, index } of text.matchAll(IP)) addIp(all, index, facts);
  if (facts.isFull) return;
  for (const { index } of text.matchAll(IBAN_START)) findIban(text, index, facts);
}

function findMail(text: string, facts: Facts): void {
  for (const { 0: all, 1: local = "", 2: domain = "", index } of text.matchAll(AT)) {
    const host = domain.replace(DOT, ".").toLowerCase();
    const name = local.toLowerCase().replace(/^[.%+-]+/, "");
    if (name === "" || !/\.[a-z-]{2,63}$/.test(host)) continue;
    const end = index + all.length;
    const bits = 8 + nameBits(name) + nameBits(host);
    facts.add({ kind: "mail", key: `mail:${name}@${host}`, bits, start: index + local.length - name.length, end });
    addHost(host, index + all.length - domain.length, end, facts);
  }
}

/** `rest` is what stands after the scheme, or all of it where there is none. */
function addUrl(rest: string, index: number, length: number, facts: Facts, hostBits = HOST_BITS): void {
  const trimmed = rest.replace(/[.,;:!?]+$/, "");
  const end = index + length - (rest.length - trimmed.length);
  const whole = trimmed.replace(DOT, ".").replace(/#.*$/, "");
  const slash = whole.search(/[/?]/);
  const authority = (slash < 0 ? whole : whole.slice(0, slash)).replace(/^.*@/, "").replace(/:(?:80|443)$/, "");
  const host = authority
    .toLowerCase()
    .replace(/^www\./, "")
    .replace(/\.$/, "");
  const path = slash < 0 ? "" : whole.slice(slash).replace(/\/$/, "");
  if (path.length > 1) {
    const bits = nameBits(host) + nameBits(path);
    facts.add({ kind: "url", key: `url:${host}${path}`, bits, start: index, end });
  }
  addHost(host, index, end, facts, hostBits);
}

function addHost(host: string, start: number, end: number, facts: Facts, bits = HOST_BITS): void {
  const name = host.replace(/^www\./, "").replace(/:\d+$/, "");
  if (!/[a-z]/.test(name)) return;
  if (NOBODYS.has(name)) return;
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const isLikely = bits >= 0 || ending.length === 2 || ENDINGS.has(ending);
  facts.add({
    kind: "host",
    key: `host:${name}`,
    bits: nameBits(name) + (isLikely ? bits : UNLIKELY_BITS),
    start,
    end,
  });
}

/** Letters of names, digits, and nothing for what stands between them. */
function nameBits(name: string): number {
  const digits = name.match(/\d/g)?.length ?? 0;
  const letters = name.match(/\p{L}/gu)?.length ?? 0;
  return digits * DIGIT_BITS + letters * LETTER_BITS;
}

/** Loopback and unspecified addresses are the same on every machine (RFC 6890). */
function addIp(address: string, start: number, facts: Facts): void {
  const parts = address.split(".").map(Number);
  if (parts.some((part) => part > 255) || parts[0] === 127 || parts[0] === 0) return;
  // Small numbers are a version's.
  const bits = parts.reduce((sum, part) => sum + (part > 9 ? 8 : 4), 0);
  facts.add({ kind: "address", key: `address:${parts.join(".")}`, bits, start, end: start + address.length });
}

/** ISO 13616: letters count from ten on, and the whole, turned round by four, leaves one modulo 97. */
function findIban(text: string, start: number, facts: Facts): void {
  let compact = "";
  let best: { compact: string; end: number } | undefined;
  for (let at = start; at < text.length && compact.length < IBAN_MAX; at++) {
    const unit = text.charCodeAt(at);
    const isNextSign = isAlphanumeric(text.charCodeAt(at + 1));
    if (isAlphanumeric(unit)) compact += text[at];
    else if (!isNextSign || !IBAN_BLANKS.has(unit)) break;
    if (!isNextSign && compact.length >= IBAN_MIN && isIban(compact))
      best = { compact: compact.toUpperCase(), end: at + 1 };
  }
  if (best === undefined) return;
  const bits = (best.compact.length - 4) * DIGIT_BITS;
  facts.add({ kind: "iban", key: `iban:${best.compact}`, bits, start, end: best.end });
}

/** Blanks of both widths, dots and hyphens. */
const IBAN_BLANKS = new Set([0x20, 0x2e, 0x2d, 0xa0, 0x202f]);

function isAlphanumeric(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a);
}

function isIban(compact: string): boolean {
  let rest = 0;
  for (let at = 0; at < compact.length; at++) {
    const unit = compact.charCodeAt((at + 4) % compact.length);
    const value = unit < 0x40 ? unit - 0x30 : (unit & 0x1f) + 9;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
