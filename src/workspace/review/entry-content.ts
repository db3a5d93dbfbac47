import type { BlobFiles } from "../../base/blob-files.ts";
import type { ChangeEntry } from "../changes/change-set.ts";
import { isText } from "../changes/flags.ts";
import { hasSameContent, type NodeState } from "../changes/node-state.ts";
import { CONTENT_BYTES_MAX, DIFF_BYTES_MAX } from "../limits.ts";
import { type ContentFacts, type DiffOptions, diffTexts, type FileDiff } from "./file-diff.ts";

export type Side = "base" | "new";

/** Undefined when there is no file on that side, its content is not kept (a large base, before the sync) or is too large. */
export async function readContent(entry: ChangeEntry, side: Side, blobs: BlobFiles): Promise<Uint8Array | undefined> {
  const state = stateOn(entry, side);
  if (state.type !== "file" || state.sha256 === "" || state.sizeBytes > CONTENT_BYTES_MAX) return undefined;
  return await blobs.get(state.sha256, CONTENT_BYTES_MAX);
}

/** What changed in the file's content, line by line where that can be said. */
export async function diffEntry(entry: ChangeEntry, options: DiffOptions, blobs: BlobFiles): Promise<FileDiff> {
  const { before, after } = entry.edit;
  if (before.type !== "file" && after.type !== "file") return { kind: "none" };
  if (hasSameContent(before, after)) return { kind: "none" };
  const facts = { ...factsOf("base", before), ...factsOf("new", after) };
  if ([before, after].some((state) => state.type === "file" && state.sizeBytes > DIFF_BYTES_MAX)) {
    return { kind: "large", ...facts };
  }
  const base = before.type === "file" ? await readContent(entry, "base", blobs) : new Uint8Array(0);
  if (base === undefined) return { kind: "base-changed", ...facts };
  const now = (after.type === "file" ? await readContent(entry, "new", blobs) : undefined) ?? new Uint8Array(0);
  if (!isText(base) || !isText(now)) return { kind: "binary", ...facts };
  return diffTexts(base, now, options) ?? { kind: "large", ...facts };
}

function stateOn({ edit }: ChangeEntry, side: Side): NodeState {
  return side === "base" ? edit.before : edit.after;
}

function factsOf(side: Side, state: NodeState): Partial<Record<Side, ContentFacts>> {
  return state.type === "file" ? { [side]: { sizeBytes: state.sizeBytes, sha256: state.sha256 } } : {};
}
