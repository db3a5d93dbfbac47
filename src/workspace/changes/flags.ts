import { isUtf8 } from "node:buffer";
import { posix } from "node:path";
import { type ByteString, bytesOf } from "../../base/byte-string.ts";
import { hidesSomething } from "../../base/text/index.ts";
import { DIFF_BYTES_MAX } from "../limits.ts";
import type { ChangeFlag } from "./change-set.ts";
import { modeOf, type NodeState, type TreeEdit } from "./node-state.ts";

export interface Inspection {
  readonly edit: TreeEdit;
  readonly isBinary: boolean;
  readonly hasCaseClash: boolean;
  readonly hasOtherNames: boolean;
}

export function flagsOf({ edit, isBinary, hasCaseClash, hasOtherNames }: Inspection): ChangeFlag[] {
  const { before, after, path } = edit;
  const flags: [ChangeFlag, boolean][] = [
    ["setuid", (modeOf(after) & 0o6000) !== 0 && after.type === "file"],
    ["executable", after.type === "file" && (after.mode & 0o111) !== 0 && !isExecutable(before)],
    ["symlink-outside", after.type === "symlink" && leadsOutside(path, after.target)],
    ["binary", isBinary],
    ["large", [before, after].some((state) => state.type === "file" && state.sizeBytes > DIFF_BYTES_MAX)],
    ["hidden-characters", hasHiddenCharacters(path) || (after.type === "symlink" && hasHiddenCharacters(after.target))],
    ["case-clash", hasCaseClash],
    ["other-names", hasOtherNames],
  ];
  return flags.filter(([, applies]) => applies).map(([flag]) => flag);
}

/** UTF-8 without NUL. */
export function isText(content: Uint8Array): boolean {
  return !content.includes(0) && isUtf8(content);
}

function isExecutable(state: NodeState): boolean {
  return state.type === "file" && (state.mode & 0o111) !== 0;
}

/** Lexically: where the host follows other links on the way is not the link's own doing. */
function leadsOutside(path: ByteString, target: ByteString): boolean {
  if (target.startsWith("/")) return true;
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  return resolved === ".." || resolved.startsWith("../");
}

/** Also a space at the end of a name, or at its beginning: nobody sees that it is there. */
function hasHiddenCharacters(name: ByteString): boolean {
  return hidesSomething(bytesOf(name)) || /(?:^|\/) | (?:\/|$)/.test(name);
}
