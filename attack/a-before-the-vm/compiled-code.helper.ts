import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** Node's src/compile_cache.cc: magic, sizes of source and content, CRC-32 of source and content, 32 bits each. */
const HEADER_BYTES = 20;
const CONTENT_BYTES_AT = 8;
const CONTENT_CRC_AT = 16;

/**
 * Edits what Node keeps of TypeScript, its text without the types, so that it begins with a statement of ours. Everything that
 * Node checks about it stays right. Returns how many files there were of the kind.
 */
export function poison(directory: string, statement: string): number {
  let poisoned = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const path = join(directory, name);
    if (!statSync(path).isFile()) continue;
    const stored = readFileSync(path);
    const content = stored.subarray(HEADER_BYTES).toString("latin1");
    if (!/^(import |export |\/\*\*|\/\/)/.test(content)) continue;
    const changed = Buffer.from(`${statement}\n${content}`, "latin1");
    const header = Buffer.from(stored.subarray(0, HEADER_BYTES));
    header.writeUInt32LE(changed.length, CONTENT_BYTES_AT);
    header.writeUInt32LE(crc32(changed), CONTENT_CRC_AT);
    writeFileSync(path, Buffer.concat([header, changed]));
    poisoned++;
  }
  return poisoned;
}
