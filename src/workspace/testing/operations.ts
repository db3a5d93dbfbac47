import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";

/** One thing a program may do to a tree; what is not possible where it stands is left out. */
export interface Operation {
  readonly do: "write" | "mkdir" | "symlink" | "link" | "remove" | "chmod" | "chown" | "rename" | "exchange";
  readonly path: string;
  readonly other: string;
  readonly content: string;
  readonly mode: number;
}

/** Few names, so that operations meet: files over directories, directories over links, a name used again. */
const path = fc
  .array(fc.constantFrom("a", "b", "C", "c", "-x", "new\nline"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));

export const operation: fc.Arbitrary<Operation> = fc.record({
  do: fc.constantFrom<Operation["do"]>(
    ...([
      "write",
      "write",
      "mkdir",
      "mkdir",
      "symlink",
      "link",
      "remove",
      "chmod",
      "chown",
      "rename",
      "exchange",
    ] as const),
  ),
  path,
  other: path,
  content: fc.constantFrom("one", "two\n", "x".repeat(3000)),
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o500, 0o4755, 0o2770),
});

export const operations = (maxLength: number): fc.Arbitrary<Operation[]> => fc.array(operation, { maxLength });

/** What is written is different each time, given different labels: else a copy could not be told from a link. */
export function performAll(directory: string, list: readonly Operation[], label: string): void {
  for (const [index, one] of list.entries()) {
    try {
      perform(directory, { ...one, content: `${label} ${index} ${one.content}` });
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
    }
  }
}

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = fs.constants;

function perform(directory: string, { do: kind, path: name, other, content, mode }: Operation): void {
  const place = join(directory, name);
  const second = join(directory, other);
  if (kind === "mkdir") fs.mkdirSync(place, { recursive: true });
  if (kind === "symlink") fs.symlinkSync(other, place);
  if (kind === "link") fs.linkSync(place, second);
  if (kind === "remove" || kind === "exchange") fs.rmSync(place, { recursive: true });
  if (kind === "chmod" && !fs.lstatSync(place).isSymbolicLink()) fs.chmodSync(place, mode);
  if (kind === "chown" && process.getuid?.() === 0) fs.lchownSync(place, mode, mode);
  if (kind === "rename") fs.renameSync(place, second);
  if (kind !== "write" && kind !== "exchange") return;
  // Not through a link: it may lead out of the directory.
  const fd = fs.openSync(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
  fs.writeSync(fd, content);
  fs.closeSync(fd);
}
