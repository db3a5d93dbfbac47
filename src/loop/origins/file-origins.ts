import type { ArgumentOrigin } from "./argument-origin.ts";
import type { Neighbourhood } from "./neighbourhood.ts";
import { fileKeys, type Occurrence, type OriginIndex } from "./origin-index.ts";
import type { Leaf, RecordedText } from "./recorded-text.ts";

/** All of a run of such signs at once, and then whether it may name a file: one expression for both would try each place of a long run. */
const RUN = /[\p{L}\p{N}_.@+~/-]+/gu;
/** A name without a dot or a slash is any word. */
const NAMES_FILE = /[./][\p{L}\p{N}_@+~-]/u;
/** Names looked up for one call, over all of its arguments, and characters of one argument in which they are looked for. */
const NAMES_MAX = 200;
const NAMES_UNITS_MAX = 64 * 1024;
const FILE_ORIGINS_MAX = 50;

/** Files that runs changed, which the arguments name or the call read: what is sent may stand in them and not in the arguments. */
export async function fileOrigins(
  { originIndex }: { readonly originIndex: OriginIndex },
  near: Neighbourhood,
  target: RecordedText,
): Promise<ArgumentOrigin[]> {
  const { entry } = target;
  const named = target.role === "argument" ? namesIn(target.leaves) : [];
  const origins = named.flatMap(({ leaf, name, start }) => {
    const found = fileKeys({ path: name })
      .slice(0, 1)
      .flatMap((key) => originIndex.find(key, entry.index));
    const last = found.at(-1);
    const place = { start, end: start + Buffer.byteLength(name) };
    return last === undefined
      ? []
      : originFrom(near, last, { kind: "file", places: [leaf.place], excerpt: name, ...place });
  });
  return [...origins, ...(await readOrigins(originIndex, near, target))].slice(0, FILE_ORIGINS_MAX);
}

interface NamedFile {
  readonly leaf: Leaf;
  readonly name: string;
  readonly start: number;
}

function namesIn(leaves: readonly Leaf[]): NamedFile[] {
  const names: NamedFile[] = [];
  for (const leaf of leaves) {
    const text = leaf.text.slice(0, NAMES_UNITS_MAX);
    let bytes = 0;
    let counted = 0;
    for (const { 0: run, index } of text.matchAll(RUN)) {
      if (!NAMES_FILE.test(run)) continue;
      if (names.length >= NAMES_MAX) return names;
      bytes += Buffer.byteLength(text.slice(counted, index));
      counted = index;
      names.push({ leaf, name: run.replace(/^\.\//, "").replace(/\.$/, ""), start: bytes });
    }
  }
  return names;
}

/** What the run of the call read is what another one wrote when it is the same content. */
async function readOrigins(
  originIndex: OriginIndex,
  near: Neighbourhood,
  { entry }: RecordedText,
): Promise<ArgumentOrigin[]> {
  if (entry.kind !== "call") return [];
  const files = await near.filesRead(entry);
  return files.flatMap(({ path, sha256 }) => {
    const last = sha256 === undefined ? undefined : originIndex.find(`content:${sha256}`, entry.index).at(-1);
    return last === undefined
      ? []
      : originFrom(near, last, { kind: "read", places: [], excerpt: path, start: 0, end: 0 });
  });
}

type What = Pick<ArgumentOrigin, "kind" | "places" | "excerpt" | "start" | "end">;

function originFrom(near: Neighbourhood, { entry: index }: Occurrence, what: What): ArgumentOrigin[] {
  const entry = near.entry(index);
  if (entry === undefined) return [];
  const step = near.step(entry, "file");
  const source = { ...step, excerpt: what.excerpt, start: 0, end: 0, transforms: [], reached: "file" as const };
  return [{ ...what, transforms: [], source, trail: [step], unlisted: 0 }];
}
