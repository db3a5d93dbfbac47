import { changeList, type Entry, type Ledger } from "../../ledger/index.ts";
import type { RecordedChange } from "../history/changes.ts";
import { parseRecorded } from "../state/stored.ts";

/** Files of one change set that are looked at. */
const FILES_MAX = 1000;

/** What a run changed, as its entry tells it. */
export async function recordedFiles(
  ledger: Ledger,
  { body }: Extract<Entry, { kind: "change-set" }>,
): Promise<{ readonly path: string; readonly sha256?: string | undefined }[]> {
  const changes =
    body.changes ??
    (body.list === undefined
      ? []
      : parseRecorded<RecordedChange[]>(await ledger.content(body.list), "The recorded list of changes", changeList));
  return changes.slice(0, FILES_MAX).map(({ path, newSha256 }) => ({ path, sha256: newSha256 ?? undefined }));
}
