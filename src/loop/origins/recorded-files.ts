import type { z } from "zod";
import { changeList, type Entry, readList } from "../../ledger/index.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import { parseRecorded } from "../state/stored.ts";

/** Files of one list that are looked at. */
const FILES_MAX = 1000;

export interface RecordedFile {
  readonly path: string;
  readonly sha256?: string | undefined;
}

/** What a run changed, or read, as its entry tells it; nothing where that cannot be read. */
export async function recordedFiles(
  contents: RecordedContents,
  entry: Extract<Entry, { kind: "change-set" | "reads" }>,
): Promise<readonly RecordedFile[]> {
  const { list } = entry.body;
  const kept = list === undefined ? undefined : await contents.attempt(entry, () => contents.ledger.content(list));
  return (await contents.attempt(entry, async () => filesOf(entry, kept))) ?? [];
}

function filesOf(
  { kind, body }: Extract<Entry, { kind: "change-set" | "reads" }>,
  list: Uint8Array | undefined,
): RecordedFile[] {
  const what = `The recorded list of a run's files`;
  if (kind === "change-set") {
    const changes =
      list === undefined ? (body.changes ?? []) : parseRecorded<z.infer<typeof changeList>>(list, what, changeList);
    return changes.slice(0, FILES_MAX).map(({ path, newSha256 }) => ({ path, sha256: newSha256 ?? undefined }));
  }
  const files = list === undefined ? (body.files ?? []) : parseRecorded<z.infer<typeof readList>>(list, what, readList);
  return files.slice(0, FILES_MAX).map(({ path, sha256 }) => ({ path, sha256: sha256 ?? undefined }));
}
