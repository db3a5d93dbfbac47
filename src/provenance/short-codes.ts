import { gunzipSync, inflateSync } from "node:zlib";
import type { DecodingBudget } from "./decoding-budget.ts";
import type { Transform } from "./fact.ts";
import { INFLATED_BYTES_MAX } from "./limits.ts";

/** A short run of letters that stands for a text. Offsets are UTF-16 units. */
export interface ShortCode {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly transforms: readonly Transform[];
}

/** Runs looked at in one text; what comes after them is no argument any more. */
const CODES_MAX = 2000;

interface Reader {
  readonly pattern: RegExp;
  readonly transform: Transform;
  readonly read: (run: string) => Uint8Array | undefined;
}

/**
 * Encodings that the guard leaves alone, as an instruction does not fit into them and noise would: a value does. A false reading
 * does no harm here, since what counts is that its text is also a source's.
 */
const READERS: readonly Reader[] = [
  {
    pattern: /[A-Za-z0-9+/_-]{8,}={0,2}/g,
    transform: "base64",
    read: (run) => (run.length % 4 === 1 ? undefined : Buffer.from(run, "base64")),
  },
  {
    pattern: /(?:0x|\\x)?[0-9a-f]{2}(?:[ :,-]?(?:0x|\\x)?[0-9a-f]{2}){4,}/gi,
    transform: "hex",
    read: (run) => Buffer.from(run.replace(/0x|\\x|[ :,-]/gi, ""), "hex"),
  },
  { pattern: /[A-Z2-7]{13,}={0,6}/g, transform: "base32", read: base32 },
  {
    pattern: /\d{2,3}(?:[ ,;] ?\d{2,3}){5,}/g,
    transform: "character-codes",
    read: (run) => Buffer.from(run.split(/[ ,;]+/).map(Number)),
  },
  {
    pattern: /(?:=[0-9A-F]{2}|[A-Za-z0-9@.,:/ _+-]){4,2000}/g,
    transform: "quoted-printable",
    read: (run) =>
      run.includes("=")
        ? Buffer.from(
            run.replace(/=(..)|./g, (sign, digits?: string) => digits ?? Buffer.from(sign).toString("hex")),
            "hex",
          )
        : undefined,
  },
];

/** One after another, so that none is decoded that nobody has room for. */
export function* shortCodes(text: string, budget: DecodingBudget): Generator<ShortCode> {
  let found = 0;
  for (const { pattern, transform, read } of READERS) {
    for (const { 0: run, index } of text.matchAll(pattern)) {
      if (found >= CODES_MAX || budget.left <= 0) return;
      const bytes = read(run);
      if (bytes === undefined) continue;
      const place = { start: index, end: index + run.length };
      const inflated = transform === "base64" || transform === "hex" ? inflate(bytes, budget) : undefined;
      const transforms = inflated === undefined ? [transform] : [transform, "compressed" as const];
      if (inflated === undefined && !isPlain(bytes)) continue;
      found++;
      yield { ...place, bytes: inflated ?? bytes, transforms };
    }
  }
}

/** Noise is hardly ever printable: of five random bytes, one time in a hundred. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.length >= 5 && bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 10);
}

/** What is inflated for nothing costs as much as what is looked at: a run of 100 letters may stand for megabytes. */
function inflate(bytes: Uint8Array, budget: DecodingBudget): Uint8Array | undefined {
  // RFC 1952 section 2.3.1; RFC 1950 section 2.2: a window of 32 KiB, and a check over both bytes.
  const [first = 0, second = 0] = bytes;
  const isGzip = first === 0x1f && second === 0x8b;
  const isZlib = first === 0x78 && ((first << 8) | second) % 31 === 0;
  if (bytes.length < 7 || !(isGzip || isZlib)) return undefined;
  const maxOutputLength = Math.min(INFLATED_BYTES_MAX, budget.left);
  try {
    return isGzip ? gunzipSync(bytes, { maxOutputLength }) : inflateSync(bytes, { maxOutputLength });
  } catch {
    budget.spend(Math.min(maxOutputLength, bytes.length * DEFLATE_RATIO_MAX));
    return undefined;
  }
}

/** Bytes that one byte can stand for: 258, told in two bits (RFC 1951, section 3.2.5). */
const DEFLATE_RATIO_MAX = 258 * 4;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, section 6. */
function base32(run: string): Uint8Array {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of run.replace(/=+$/, "")) {
    bits = ((bits << 5) | BASE32.indexOf(letter)) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    out.push((bits >> held) & 0xff);
  }
  return Uint8Array.from(out);
}
