import { defined } from "../../base/optional.ts";
import type { EntryDraft, RunChange } from "../../ledger/index.ts";
import type { ChangedFile } from "../../sandbox/index.ts";

/** A run's changes in the ledger's words: everything that makes them up but content, which its hash stands for. */
export type RecordedChange = NonNullable<Extract<EntryDraft, { kind: "change-set" }>["body"]["changes"]>[number];

export function recordedChange(change: ChangedFile): RecordedChange {
  const { path, pathBytes, kind, fileType, mode, baseSha256, newSha256, symlinkTarget, sizeBytes } = change;
  const links = [
    ...(change.renamedFrom === undefined ? [] : [`renamed from ${change.renamedFrom}`]),
    ...(change.linkOf === undefined ? [] : [`link of ${change.linkOf}`]),
    ...(change.metadataOnly ? ["metadata only"] : []),
  ];
  return {
    path: path.toWellFormed(),
    ...defined({ pathBase64: pathBytes && Buffer.from(pathBytes).toString("base64") }),
    change: [kind, fileType, ...links].join(", ").toWellFormed(),
    baseSha256: baseSha256 ?? null,
    newSha256: newSha256 ?? null,
    ...defined({ mode }),
    ...defined({ target: symlinkTarget?.toWellFormed() }),
    ...defined({ sizeBytes }),
  };
}

/** What a replay compares of a recorded change, and of one it sees itself. */
export function comparable({ path, pathBase64, ...facts }: RecordedChange): RunChange {
  const plain = Object.entries(facts).filter(([, value]) => value !== undefined);
  return { path, facts: { ...Object.fromEntries(plain), pathBase64: pathBase64 ?? null } as RunChange["facts"] };
}
