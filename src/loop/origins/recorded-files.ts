import { changeList, type Entry } from "../../ledger/index.ts";
import type { RecordedChange } from "../history/changes.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import { parseRecorded } from "../state/stored.ts";

/** Files of one change set that are looked at. */
const FILES_MAX = 1000;

/** What a run changed, as its entry tells it; nothing where that cannot be read. */
export async function recordedFiles(
  contents: RecordedContents,
  entry: Extract<Entry, { kind: "change-set" }>,
): Promise<{ readonly path: string; readonly sha256?: string | undefined }[]> {
  const { changes, list } = entry.body;
  const known =
    changes ??
    (list === undefined ? [] : await contents.attempt(entry, async () => listOf(await contents.ledger.content(list))));
  return (known ?? []).slice(0, FILES_MAX).map(({ path, newSha256 }) => ({ path, sha256: newSha256 ?? undefined }));
}

function listOf(json: Uint8Array): readonly RecordedChange[] {
  return parseRecorded<RecordedChange[]>(json, "The recorded list of changes", changeList);
}
