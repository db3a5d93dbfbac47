import type { Ledger } from "../../ledger/index.ts";
import type { ArgumentOrigin } from "./argument-origin.ts";
import type { Neighbourhood } from "./neighbourhood.ts";
import { fileKeys, type Occurrence, type OriginIndex } from "./origin-index.ts";
import type { Leaf, RecordedText } from "./recorded-text.ts";

/** A word that may name a file; a name without a dot or a slash is any word. */
const FILE_NAME = /[\p{L}\p{N}_.@+~/-]*[./][\p{L}\p{N}_@+~-][\p{L}\p{N}_.@+~/-]*/gu;
const NAMES_MAX = 200;
const READ_FILES_MAX = 500;
const FILE_ORIGINS_MAX = 50;

interface Parts {
  readonly ledger: Ledger;
  readonly originIndex: OriginIndex;
}

/** Files that runs changed, which the arguments name or the call read: what is sent may stand in them and not in the arguments. */
export async function fileOrigins(
  { ledger, originIndex }: Parts,
  near: Neighbourhood,
  target: RecordedText,
): Promise<ArgumentOrigin[]> {
  const { entry } = target;
  const named = target.role === "argument" ? target.leaves.flatMap(namesIn).slice(0, NAMES_MAX) : [];
  const origins = named.flatMap(({ leaf, name, start }) => {
    const found = fileKeys({ path: name })
      .slice(0, 1)
      .flatMap((key) => originIndex.find(key, entry.index));
    const last = found.at(-1);
    const place = { start, end: start + Buffer.byteLength(name) };
    return last === undefined
      ? []
      : [originFrom(near, last, { kind: "file", places: [leaf.place], excerpt: name, ...place })];
  });
  return [...origins, ...readOrigins({ ledger, originIndex }, near, target)].flat().slice(0, FILE_ORIGINS_MAX);
}

function namesIn(leaf: Leaf): { leaf: Leaf; name: string; start: number }[] {
  return [...leaf.text.slice(0, 64 * 1024).matchAll(FILE_NAME)].map(({ 0: name, index }) => ({
    leaf,
    name: name.replace(/^\.\//, "").replace(/\.$/, ""),
    start: Buffer.byteLength(leaf.text.slice(0, index)),
  }));
}

/** What the run of the call read is what another one wrote when it is the same content. */
function readOrigins({ ledger, originIndex }: Parts, near: Neighbourhood, { entry }: RecordedText): ArgumentOrigin[][] {
  if (entry.kind !== "call" || entry.runId === undefined) return [];
  const reads = ledger.query({ runId: entry.runId, kind: "reads", limit: 1 })[0];
  const files = reads?.kind === "reads" ? (reads.body.files ?? []) : [];
  return files.slice(0, READ_FILES_MAX).flatMap(({ path, sha256 }) => {
    const last = sha256 === null ? undefined : originIndex.find(`content:${sha256}`, entry.index).at(-1);
    return last === undefined
      ? []
      : [originFrom(near, last, { kind: "read", places: [], excerpt: path, start: 0, end: 0 })];
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
