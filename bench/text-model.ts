import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { TextModel } from "../src/entropy/index.ts";

/**
 * Bits per character of the model of texts on text that it has not seen, beside what gzip and xz need for the same text after the same
 * beginning: `npm run bench:text-model -- [FILE...]`. The last fifth of each file is held out. Default: the papers of this package.
 */

const PAPERS = ["ARCHITECTURE.md", "SPECIFICATION.md", "THREAT_MODEL.md", "README.md"].map((name) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url)),
);
const HELD_OUT = 0.2;

const files = process.argv.slice(2);
console.log(`${"bits per character, held out".padEnd(40)}  model    gzip     xz    characters`);
for (const file of files.length === 0 ? PAPERS : files) {
  const text = readFileSync(file, "utf8");
  const cut = Math.floor(text.length * (1 - HELD_OUT));
  const [seen, heldOut] = [text.slice(0, cut), text.slice(cut)];
  const characters = [...heldOut].length;
  const model = new TextModel();
  model.read(seen);
  const own = model.read(heldOut).bits / characters;
  const gzip = beyond((bytes) => gzipSync(bytes, { level: 9 }).length, seen, text, characters);
  const xz = beyond(xzSize, seen, text, characters);
  const shown = [own, gzip, xz].map((bits) => (Number.isNaN(bits) ? "-" : bits.toFixed(3)).padStart(7)).join(" ");
  console.log(`${(file.split("/").at(-1) ?? file).padEnd(38)} ${shown} ${String(characters).padStart(11)}`);
}

/** What the held-out text costs a compressor that has packed what came before it. */
function beyond(size: (bytes: Buffer) => number, seen: string, text: string, characters: number): number {
  return (8 * (size(Buffer.from(text)) - size(Buffer.from(seen)))) / characters;
}

/** NaN on a host without xz. */
function xzSize(bytes: Buffer): number {
  const { status, stdout } = spawnSync("xz", ["-9e", "--stdout"], { input: bytes, maxBuffer: 1 << 28 });
  return status === 0 ? stdout.length : Number.NaN;
}
