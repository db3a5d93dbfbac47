import { defined } from "../../base/optional.ts";
import type { Body } from "../../ledger/index.ts";
import type { ChangeSet } from "../../workspace/index.ts";
import { allOf } from "../history/run-story.ts";
import { RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { LastSync, SparedFile } from "../reviews/review.ts";

/** What became of the last attempt to write or undo a change set, as the ledger has it; undefined when nobody has tried. */
export function lastSyncOf(set: ChangeSet, { ledger }: Pick<LoopParts, "ledger">): LastSync | undefined {
  const entries = allOf(ledger.query({ runId: set.runId, limit: RUN_ENTRIES_MAX }), "sync");
  const last = entries.filter(({ body }) => body.changeSetSha256 === set.hash).at(-1);
  return last === undefined ? undefined : toLastSync(last.body);
}

function toLastSync({ outcome, error, details }: Body<"sync">): LastSync {
  return { outcome, spared: sparedIn(details), ...defined({ error }) };
}

/** Details are whatever somebody wrote there: what has not the shape of ours is no spared file. */
function sparedIn(details: unknown): SparedFile[] {
  if (typeof details !== "object" || details === null) return [];
  const { leftAlone, keptBeside } = details as { leftAlone?: unknown; keptBeside?: unknown };
  const kept = new Map(
    listOf(keptBeside).flatMap((one) => {
      const { path, keptAs } = (one ?? {}) as { path?: unknown; keptAs?: unknown };
      return typeof path === "string" && typeof keptAs === "string" ? [[path, keptAs] as const] : [];
    }),
  );
  return listOf(leftAlone).flatMap((path) =>
    typeof path === "string" ? [{ path, ...defined({ keptAs: kept.get(path) }) }] : [],
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
