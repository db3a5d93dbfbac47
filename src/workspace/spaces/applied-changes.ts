import type { ByteString } from "../../base/byte-string.ts";
import { inSlices } from "../../base/pace.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import { hostPathOf } from "../changes/entries.ts";
import type { NodeState } from "../changes/node-state.ts";
import type { SpaceEntries } from "./space-entries.ts";
import { isSameState, type SpaceEntry } from "./space-entry.ts";

/** What an applied change set leaves of a workspace's entries: nothing, or what a call has changed since it was approved. */
export async function appliedChanges(
  set: ChangeSet,
  entries: SpaceEntries,
): Promise<Map<ByteString, SpaceEntry | undefined>> {
  const changes = new Map<ByteString, SpaceEntry | undefined>();
  await inSlices(set.entries, ({ edit }) => {
    const path = hostPathOf(edit, set.roots);
    const entry = entries.get(path);
    if (entry === undefined) return;
    const isDone = isSameState(entry.after, edit.after);
    changes.set(path, isDone ? undefined : { ...entry, before: onHost(edit.after) });
  });
  return changes;
}

/** As a sync left it: which file's name it is there is not known. */
function onHost(state: NodeState): NodeState {
  if (state.type !== "file") return state;
  const { nameOf: _, inode: __, ...own } = state;
  return own;
}
