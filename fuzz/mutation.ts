import type { Random } from "./fuzzer.ts";

/** Values at which lengths and offsets go wrong. */
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn],
  ...[0x1_0000_0000n, 0x1f_ffff_ffff_ffffn, 0x20_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn],
];
const CHANGES_MAX = 6;
/** No input grows beyond this by being spliced and repeated. */
const BYTES_MAX = 64 * 1024;

/**
 * One of the samples with a few changes: bytes flipped, replaced, cut out, repeated, set to values at which lengths go
 * wrong, words of the input's language put in, a piece of another sample spliced in. What is nearly right gets further
 * into a parser than noise does.
 */
export function mutated(random: Random, samples: readonly Uint8Array[], words: readonly Uint8Array[] = []): Buffer {
  let bytes = Buffer.from(random.pick(samples));
  const changes = 1 + random.below(CHANGES_MAX);
  for (let change = 0; change < changes; change++) bytes = changed(random, bytes, samples, words);
  return bytes.subarray(0, BYTES_MAX);
}

function changed(
  random: Random,
  bytes: Buffer,
  samples: readonly Uint8Array[],
  words: readonly Uint8Array[],
): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(32));
  const insert = (piece: Uint8Array): Buffer<ArrayBuffer> =>
    Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  switch (random.below(words.length > 0 ? 9 : 7)) {
    case 0:
      return overwritten(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]));
    case 1:
      return overwritten(bytes, at, random.bytes(1 + random.below(4)));
    case 2: {
      const edge = Buffer.alloc(8);
      edge.writeBigUInt64LE(random.pick(EDGES));
      return overwritten(bytes, at, edge.subarray(0, random.pick([1, 2, 4, 8])));
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 4:
      return insert(Buffer.concat(Array.from({ length: 1 + random.below(8) }, () => bytes.subarray(at, end))));
    case 5: {
      const other = random.pick(samples);
      const from = random.below(other.length + 1);
      return insert(other.subarray(from, from + random.below(256)));
    }
    case 6:
      return Buffer.from(bytes.subarray(0, at));
    default:
      return insert(random.pick(words));
  }
}

function overwritten(bytes: Buffer, at: number, piece: Uint8Array): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes);
  copy.set(piece.subarray(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
  return copy;
}

/** Texts as the bytes that {@link mutated} takes. */
export function encoded(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, "utf8"));
}
