import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { sha256Hex } from "../src/base/sha256.ts";
import { scan } from "../src/guard/index.ts";

/**
 * `npm run bench:guard-list`: scans the ordinary files of `ordinary-files.br` that this machine has as they were then, and says how
 * many are flagged. A line of the list is the beginning of a file's SHA-256, its kind, and its name: those with a slash at the
 * beginning are Debian's, the others npm's.
 */

const HERE = dirname(fileURLToPath(import.meta.url));
const lines = brotliDecompressSync(readFileSync(`${HERE}/ordinary-files.br`))
  .toString("utf8")
  .trimEnd()
  .split("\n");
const counts: Record<string, { files: number; flagged: number; blocked: number }> = {};
let missing = 0;
let changed = 0;

for (const line of lines) {
  const [hash = "", kind = "", ...words] = line.split(" ");
  const name = words.join(" ");
  const path = name.startsWith("/") ? name : `${dirname(HERE)}/${name}`;
  if (!existsSync(path)) {
    missing++;
    continue;
  }
  const content = readFileSync(path);
  if (!sha256Hex(content).startsWith(hash)) {
    changed++;
    continue;
  }
  counts[kind] ??= { files: 0, flagged: 0, blocked: 0 };
  const count = counts[kind];
  const { decision } = scan(content);
  count.files++;
  if (decision === "flag") count.flagged++;
  if (decision === "block") count.blocked++;
}

console.log(`${lines.length} files in the list, ${missing} not here, ${changed} here with another content`);
for (const [kind, { files, flagged, blocked }] of Object.entries(counts))
  console.log(
    `${kind}: ${files} scanned, ${flagged} flagged (${((100 * flagged) / files).toFixed(3)} %), ${blocked} blocked`,
  );
process.exitCode = Object.values(counts).some(({ blocked }) => blocked > 0) ? 1 : 0;
