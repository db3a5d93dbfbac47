import type { Conflict } from "../../workspace/index.ts";

/** Why a path could not be changed as agreed, in a few words for whoever has to do something about it. */
const REASONS: Readonly<Record<Conflict["reason"], string>> = {
  missing: "is not on the host any more",
  "root-missing": "lies in a directory that is not there now, or that this user cannot enter",
  "already-exists": "is there on the host already",
  "type-changed": "is another kind of thing on the host now",
  "content-changed": "has another content on the host now",
  "mode-changed": "has other permissions on the host now",
  "owner-changed": "has another owner on the host now",
  "link-target-changed": "is a link to somewhere else on the host now",
  "base-changed-during-run": "was changed on the host while the run was reading it",
  "base-unknown": "could not be read on the host, so nobody knows what the run started from",
  "directory-not-empty": "has files on the host that the run did not know of",
  "parent-missing": "has no directory on the host to be in",
  "parent-not-directory": "would be in something on the host that is no directory",
  "other-file-system": "lies on another file system than its mount",
  "hidden-place": "lies in a directory of ztl's own, or on the way to one, where nothing may be changed",
  "changed-during-sync": "was changed on the host during the sync",
  "unsupported-type": "is a device, pipe or socket, which is never written to the host",
  "inexact-name": "has a name whose exact bytes are not known",
  "reserved-name": "has a name that the sync itself uses",
  "owner-not-permitted": "would belong to an owner that this user may not give it to",
  "kept-content-changed":
    "is not kept as it was shown: its content in the state directory was replaced or removed, and is never written",
  "conflict-markers":
    "has the host's lines and the agent's between <<<<<<< and >>>>>>>: let the agent decide between them, or take one version",
  "needs-another": "cannot be without another file that is in conflict",
};

export function explainConflict(reason: Conflict["reason"]): string {
  return REASONS[reason];
}
