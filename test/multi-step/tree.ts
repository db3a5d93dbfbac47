import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../src/base/sha256.ts";

/** What is in a directory tree, by relative name: kind, mode, content or target, and which names are one file. */
export function readTree(root: string): Map<string, string> {
  const tree = new Map<string, string>();
  const firstNames = new Map<bigint, string>();
  const walk = (below: string): void => {
    for (const name of readdirSync(join(root, below)).sort()) {
      const path = join(below, name);
      const status = lstatSync(join(root, path), { bigint: true });
      const mode = (status.mode & 0o7777n).toString(8);
      if (status.isDirectory()) {
        tree.set(path, `directory ${mode}`);
        walk(path);
      } else if (status.isSymbolicLink()) tree.set(path, `symlink -> ${readlinkSync(join(root, path))}`);
      else if (status.isFile()) {
        const first = status.nlink > 1n ? ` links ${status.nlink} of ${firstNames.get(status.ino) ?? path}` : "";
        if (!firstNames.has(status.ino)) firstNames.set(status.ino, path);
        tree.set(path, `file ${mode} ${contentOf(join(root, path))}${first}`);
      } else tree.set(path, "something else");
    }
  };
  walk("");
  return tree;
}

/** Python writes into compiled code where its source was, and when that was changed, in which two sessions differ. */
function contentOf(path: string): string {
  return path.endsWith(".pyc") ? "compiled" : sha256Hex(readFileSync(path));
}

/** When files were last changed, in nanoseconds since 1970. */
export function timesOf(root: string, names: Iterable<string>): Map<string, bigint> {
  return new Map([...names].map((name) => [name, lstatSync(join(root, name), { bigint: true }).mtimeNs]));
}

/** What the compiled code's source was, by what it says itself: seconds since 1970, and bytes (PEP 552). */
export function sourceOfCompiled(path: string): { readonly seconds: number; readonly sizeBytes: number } {
  const header = readFileSync(path);
  return { seconds: header.readUInt32LE(8), sizeBytes: header.readUInt32LE(12) };
}
