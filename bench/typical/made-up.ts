import { createHash } from "node:crypto";

/** Made-up material for typical outputs: the same on every run. */

/** Bytes without any order, as compressed data has them. */
export function noise(bytes: number, seed = 1): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, block) =>
    createHash("sha512").update(`${seed}:${block}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

const WORDS =
  "the quarterly report shows that most customers who called about delivery were answered within a day and that returns fell while the new warehouse in Lyon took over orders from the south although two carriers were late in March because of snow".split(
    " ",
  );

export function sentence(seed: number, words = 14): string {
  const picked = Array.from(
    { length: words },
    (_, index) => WORDS[(seed * 31 + index * 7 + ((seed * index) % 5)) % WORDS.length] as string,
  );
  const text = picked.join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export function paragraphs(seed: number, count: number): string {
  return Array.from({ length: count }, (_, index) =>
    [1, 2, 3, 4].map((line) => sentence(seed + index * 4 + line)).join(" "),
  ).join("\n\n");
}

export const uuid = (seed: number): string => {
  const hex = noise(16, seed).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
export const commit = (seed: number): string => noise(20, seed).toString("hex");

export function rows<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
