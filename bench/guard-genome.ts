import { fill, HOSTILE_PIECES, MEGABYTE } from "./guard-pieces.ts";
import { type Random, randomFrom } from "./random.ts";

/** How a hostile input is made, so that a slow one can be changed a little and tried again. */
export interface Genome {
  readonly pieces: readonly string[];
  /** One after the other, at random, or each for a while. */
  readonly order: "repeated" | "mixed" | "blocks";
  /** Encodings of the whole, innermost first. */
  readonly layers: readonly Layer[];
  /** For what is random in it. */
  readonly seed: number;
}

/** Each makes a text longer, so what is encoded is cut to what fits. */
const LAYERS = {
  base64: (text: Buffer) => Buffer.from(text.toString("base64")),
  "short base64": (text: Buffer) => each(text, 24, (part) => `${part.toString("base64")} `),
  "wrapped base64": (text: Buffer) => Buffer.from(text.toString("base64").replace(/.{76}/g, "$&\n")),
  hex: (text: Buffer) => Buffer.from(text.toString("hex")),
  percent: (text: Buffer) => Buffer.from([...text].map((byte) => `%${hex2(byte)}`).join("")),
  escape: (text: Buffer) => Buffer.from([...text].map((byte) => `\\u00${hex2(byte)}`).join("")),
  entity: (text: Buffer) => Buffer.from([...text].map((byte) => `&#${byte};`).join("")),
  json: (text: Buffer) => Buffer.from(JSON.stringify(text.toString("utf8"))),
  tags: (text: Buffer) => Buffer.from([...text].map((byte) => String.fromCodePoint(0xe0000 + (byte & 0x7f))).join("")),
  noise: (text: Buffer) => Buffer.from(text.map((byte, at) => (at % 3 === 2 ? byte | 0x80 : byte))),
} as const satisfies Record<string, (text: Buffer) => Buffer>;
type Layer = keyof typeof LAYERS;
const LAYER_NAMES = Object.keys(LAYERS) as Layer[];

const hex2 = (byte: number): string => byte.toString(16).padStart(2, "0");

function each(text: Buffer, bytes: number, encode: (part: Buffer) => string): Buffer {
  const parts = Array.from({ length: Math.ceil(text.length / bytes) }, (_, index) =>
    encode(text.subarray(index * bytes, (index + 1) * bytes)),
  );
  return Buffer.from(parts.join(""));
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** Up to six pieces in some order, half of them encoded up to three times. */
export function randomGenome(random: Random): Genome {
  const pieces = Array.from({ length: 1 + below(random, 6) }, () => pick(random, HOSTILE_PIECES));
  const layers = random() < 0.5 ? [] : Array.from({ length: 1 + below(random, 3) }, () => pick(random, LAYER_NAMES));
  return { pieces, order: pick(random, ["repeated", "mixed", "blocks"]), layers, seed: below(random, 2 ** 31) };
}

/** The same with one thing changed; `other` gives pieces now and then. */
export function mutated(random: Random, genome: Genome, other: Genome): Genome {
  const { pieces, layers } = genome;
  const at = below(random, pieces.length);
  switch (below(random, 7)) {
    case 0:
      return { ...genome, pieces: pieces.with(at, pick(random, HOSTILE_PIECES)) };
    case 1:
      return { ...genome, pieces: pieces.toSpliced(at, 0, pick(random, HOSTILE_PIECES)) };
    case 2:
      return pieces.length === 1 ? randomGenome(random) : { ...genome, pieces: pieces.toSpliced(at, 1) };
    case 3:
      return { ...genome, pieces: pieces.with(at, pick(random, pieces) + pick(random, other.pieces)) };
    case 4:
      return { ...genome, order: pick(random, ["repeated", "mixed", "blocks"]) };
    case 5:
      return { ...genome, layers: layers.length > 3 ? layers.slice(1) : [...layers, pick(random, LAYER_NAMES)] };
    default:
      return { ...genome, layers: layers.slice(1), pieces: [...pieces.slice(0, 8), ...other.pieces.slice(0, 2)] };
  }
}

export function nameOf({ pieces, order, layers }: Genome): string {
  return `${order} ${JSON.stringify(pieces)}${layers.length > 0 ? ` in ${layers.join(" in ")}` : ""}`;
}

/** The input itself: so many bytes, of which each layer encodes as much as fits into it. */
export function contentOf(genome: Genome, bytes: number = MEGABYTE): Uint8Array {
  const growth = genome.layers.reduce((product, layer) => product * growthOf(layer), 1);
  let content: Buffer = Buffer.from(plainOf(genome, Math.ceil(bytes / growth) + 64));
  for (const layer of genome.layers) content = LAYERS[layer](content);
  // Its own memory: what the guard reads is not a piece of a larger buffer in practice either.
  return Uint8Array.from(content.subarray(0, bytes));
}

const growthOf = (layer: Layer): number => Math.max(1, LAYERS[layer](Buffer.alloc(240, '<|a,"\\')).length / 240);

function plainOf({ pieces, order, seed }: Genome, bytes: number): Uint8Array {
  const random = randomFrom(seed);
  const encoded = pieces.map((piece) => new TextEncoder().encode(piece));
  if (order === "mixed") return fill(bytes, () => pick(random, encoded));
  const unit = Buffer.concat(encoded.map((piece) => repeated(piece, order === "blocks" ? 1 + below(random, 64) : 1)));
  return fill(bytes, () => unit);
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
  return fill(piece.length * times, () => piece);
}

/** One piece alone, repeated. */
export function single(piece: string): Genome {
  return { pieces: [piece], order: "repeated", layers: [], seed: 0 };
}
