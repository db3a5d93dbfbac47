import { defined } from "../../base/optional.ts";
import { shapeOf } from "../../base/stored-json.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import type { ChangeSet } from "../../workspace/index.ts";
import { RecordedContents } from "../history/recorded-contents.ts";
import { allOf } from "../history/run-story.ts";
import { RUN_ENTRIES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";
import type { LastSync, SparedFile } from "../reviews/review.ts";
import { parseRecorded } from "../state/stored.ts";

/** What became of the last attempt to write or undo a change set, as the ledger has it; undefined when nobody has tried. */
export async function lastSyncOf(set: ChangeSet, { ledger }: Pick<LoopParts, "ledger">): Promise<LastSync | undefined> {
  const entries = allOf(ledger.query({ runId: set.runId, limit: RUN_ENTRIES_MAX }), "sync");
  const last = entries.filter(({ body }) => body.changeSetSha256 === set.hash).at(-1);
  if (last === undefined) return undefined;
  const { outcome, error } = last.body;
  return { outcome, spared: sparedIn(await listsOf(last, ledger)), ...defined({ error }) };
}

/** Where they are very many they are content beside the entry. Where that is gone the rest of the review is still told. */
async function listsOf(entry: Extract<Entry, { kind: "sync" }>, ledger: Ledger): Promise<unknown> {
  const { list, details } = entry.body;
  if (list === undefined || isAside(details)) return details;
  return new RecordedContents(ledger).attempt(entry, async () =>
    parseRecorded(await ledger.content(list), "What became of a change set's files", ANYTHING),
  );
}

function isAside(details: unknown): boolean {
  return typeof details === "object" && details !== null && "leftAlone" in details;
}

const ANYTHING = shapeOf(() => undefined);

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
