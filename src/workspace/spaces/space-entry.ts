import type { ByteString } from "../../base/byte-string.ts";
import type { Json } from "../../base/json.ts";
import { modeOf, type NodeState } from "../changes/node-state.ts";
import type { ConflictReason } from "../files/obstacle.ts";

/** One path of the host that a workspace has changed: what stood there before, and what the workspace has there. */
export interface SpaceEntry {
  /** What the host had when it was first changed; `nameOf` and inodes are as in a change set, but with absolute host paths. */
  readonly before: NodeState;
  readonly after: NodeState;
  /** The call that changed it last. */
  readonly by: Author;
  /** Host paths: where it was before, what it is one more name of. */
  readonly renamedFrom?: ByteString;
  readonly linkOf?: ByteString;
  /** Names that the host's file has, when they are several. */
  readonly baseNames?: number;
  readonly isBinary?: true;
  /** When what is there was last modified, in nanoseconds since 1970: of directories and links, which say it nowhere else. */
  readonly mtimeNs?: string;
  /** Known to be impossible to apply. */
  readonly blocked?: ConflictReason;
  /** Of the conversations that wrote it. The workspace only keeps them. */
  readonly labels: readonly Json[];
}

export interface Author {
  readonly runId: string;
  readonly tool: string;
}

/** Each once, whoever has it. */
export function joinLabels(...lists: readonly (readonly Json[] | undefined)[]): readonly Json[] {
  const [first = [], ...others] = lists;
  if (others.every((one) => one === undefined || one.length === 0)) return first;
  return [...new Map(lists.flatMap((list) => list ?? []).map((label) => [JSON.stringify(label), label])).values()];
}

/** What one call did to one path: `before` is what it saw there, which may be an earlier call's work. */
export interface DeltaEdit extends SpaceEntry {
  readonly path: ByteString;
}

/** True when whoever looks finds the same: kind, content, permissions, owner, target. Which names are one file is not asked. */
export function isSameState(a: NodeState, b: NodeState): boolean {
  if (a.type !== b.type || modeOf(a) !== modeOf(b)) return false;
  if ("uid" in a && "uid" in b && (a.uid !== b.uid || a.gid !== b.gid)) return false;
  if (a.type === "file" && b.type === "file") return a.sha256 === b.sha256;
  return a.type !== "symlink" || b.type !== "symlink" || a.target === b.target;
}
