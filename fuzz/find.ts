import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Ignored by git: a find becomes a test, not a file that is kept. */
export const FINDS_DIRECTORY = join(ROOT, "fuzz", "finds");

/** An input that broke what must hold. */
export interface Find {
  readonly fuzzer: string;
  /** Makes the same input again, as long as the fuzzer is not changed. */
  readonly seed: number;
  readonly input: Uint8Array;
  readonly reason: string;
}

/** Keeps the input and, beside it, what it did and how to try it again. Returns the input's path. */
export function saveFind(directory: string, { fuzzer, seed, input, reason }: Find): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${fuzzer}-${seed}.bin`);
  writeFileSync(path, input);
  const shown = relative(ROOT, path);
  const again = `npm run fuzz -- ${fuzzer} --replay ${shown.startsWith("..") ? path : shown}`;
  writeFileSync(path.replace(/\.bin$/, ".txt"), `${fuzzer}, seed ${seed}\n\n${reason}\n\n${again}\n`);
  return path;
}
