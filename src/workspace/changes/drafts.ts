import { type ByteString, labelOf, toByteString } from "../../base/byte-string.ts";
import { inSlices, sortedInSlices } from "../../base/pace.ts";
import { ZtlError } from "../../errors.ts";
import { ENTRIES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX } from "../limits.ts";
import type { ProposedChange, Root } from "./proposed-change.ts";

/** What a list of changes says of one path: what goes, what is there afterwards, or both. */
export interface Draft {
  readonly root: number;
  readonly path: ByteString;
  readonly gone?: ProposedChange;
  readonly now?: ProposedChange;
}

/** Sorted by root and path. Throws ZtlError `bad-change` for a list that no sandbox of ours makes. */
export async function draftChanges(changes: readonly ProposedChange[], roots: readonly Root[]): Promise<Draft[]> {
  if (changes.length > ENTRIES_MAX) {
    throw new ZtlError("too-many-changes", `A change set may have ${ENTRIES_MAX} changes; found ${changes.length}`);
  }
  const drafts = new Map<string, Draft>();
  await inSlices(changes, (change) => {
    const place = placeOf(toByteString(change.path, change.pathBytes), roots);
    if (place === undefined) throw badChange(change, "is in none of the roots");
    checkPath(place.path, change);
    const key = `${place.root}/${place.path}`;
    const slot = change.kind === "delete" ? "gone" : "now";
    const known = drafts.get(key);
    if (known?.[slot] !== undefined) throw badChange(change, "is in the list twice");
    drafts.set(key, { ...(known ?? place), [slot]: change });
  });
  return await sortedInSlices([...drafts.values()], (a, b) => a.root - b.root || (a.path < b.path ? -1 : 1));
}

export interface Place {
  readonly root: number;
  readonly path: ByteString;
}

/** Where a guest path is on the host: below the root with the longest guest path. */
export function placeOf(guestPath: ByteString, roots: readonly Root[]): Place | undefined {
  let best: Place | undefined;
  let bestLength = -1;
  for (const [root, { guestRoot }] of roots.entries()) {
    const prefix = toByteString(guestRoot === "/" ? "" : guestRoot);
    if (prefix.length <= bestLength || !`${guestPath}/`.startsWith(`${prefix}/`)) continue;
    best = { root, path: guestPath.slice(prefix.length + 1) as ByteString };
    bestLength = prefix.length;
  }
  return best;
}

function checkPath(path: ByteString, change: ProposedChange): void {
  if (path === "") {
    if (change.kind === "modify" && change.fileType === "directory") return;
    throw badChange(change, "is a root, which can be neither added nor removed");
  }
  if (path.length > PATH_BYTES_MAX) throw badChange(change, "is longer than a path can be");
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === ".." || name.includes("\0") || name.length > NAME_BYTES_MAX) {
      throw badChange(change, "is not a plain path");
    }
  }
}

function badChange(change: ProposedChange, what: string): ZtlError {
  const path = labelOf(toByteString(change.path, change.pathBytes)).slice(0, PATH_BYTES_MAX);
  return new ZtlError("bad-change", `The changed path ${JSON.stringify(path)} ${what}`, { path });
}
