import { PAGE_ENTRIES } from "./limits.ts";
import type { Body, EntryKind } from "./record/bodies.ts";
import { contentsOf } from "./record/contents-of.ts";
import { type Entry, parseEntry } from "./record/entry.ts";
import { frameOf } from "./record/place.ts";
import type { LedgerStore } from "./store/store.ts";

export interface ErasureOrder {
  readonly subject: Body<"erasure">["subject"];
  readonly name: string;
  /** Entries whose content is to go; those that hold none, such as a person's decision, stay as they are. */
  readonly indices: readonly number[];
  readonly runIds: readonly string[];
  /** Labels that the contents brought to conversations, kept in the record of their erasure. */
  readonly taint?: Body<"erasure">["taint"];
  readonly reason: string;
  readonly by: string;
}

/** What agents and tools put there. Who decided what, and with which signature, is no content, and checks of it go on. */
const ERASABLE: ReadonlySet<EntryKind> = new Set([
  ...(["call", "run", "reads", "verdict", "change-set", "failure", "not-taken"] as const),
  ...(["given", "said", "told", "note"] as const),
]);

/** Those of the entries that have content to erase. */
export function erasable(store: LedgerStore, indices: readonly number[]): Entry[] {
  return indices
    .flatMap((index) => store.entries({ fromIndex: index, toIndex: index + 1, limit: 1 }))
    .map(({ bytes }) => parseEntry(bytes))
    .filter(({ kind }) => ERASABLE.has(kind as EntryKind));
}

/** Leaves the frames of the entries, and removes the blobs that they alone named. An erasure must be recorded before. */
export async function eraseContents(store: LedgerStore, entries: readonly Entry[]): Promise<void> {
  const frames = entries.flatMap(({ index }) =>
    store
      .entries({ fromIndex: index, toIndex: index + 1, limit: 1 })
      .map(({ bytes }) => ({ index, bytes: Uint8Array.from(frameOf(bytes)) })),
  );
  store.erase(frames);
  const named = new Set(blobsOf(entries));
  if (named.size === 0) return;
  for await (const page of pagesOf(store)) for (const one of blobsOf(page)) named.delete(one);
  for (const sha256 of named) store.blobs.remove(sha256);
}

function blobsOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(contentsOf).flatMap(({ sha256, base64 }) => (base64 === undefined ? [sha256] : []));
}

async function* pagesOf(store: LedgerStore): AsyncGenerator<Entry[]> {
  for (let fromIndex = 0; ; ) {
    const rows = store.entries({ fromIndex, limit: PAGE_ENTRIES });
    yield rows.map(({ bytes }) => parseEntry(bytes));
    const last = rows.at(-1);
    if (last === undefined) return;
    fromIndex = last.index + 1;
    // Lets the rest of the process have its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
