import { jsonBytes } from "../../base/json-slices.ts";
import { defined } from "../../base/optional.ts";
import { mapInSlices } from "../../base/pace.ts";
import { bytesOfSelection, type EntryDraft, type Ledger, type Selection } from "../../ledger/index.ts";
import { Recorder } from "../history/recorder.ts";
import { SELECTION_INLINE_BYTES_MAX } from "../limits.ts";
import type { LoopParts } from "../parts.ts";

type BodyOf<K extends EntryDraft["kind"]> = Extract<EntryDraft, { kind: K }>["body"];

/** Whose run it is about. */
export interface Decided {
  readonly runId: string;
  readonly agent: string;
}

/** A person's decision, or the lack of one, in the ledger. */
export async function recordDecision(parts: LoopParts, of: Decided, body: BodyOf<"approval">): Promise<void> {
  const recorder = new Recorder(parts.ledger, { runId: of.runId, agent: of.agent }, parts.told);
  recorder.record({ kind: "approval", body: await withShortSelection(parts, body) });
  await recorder.settle();
  parts.reviewsChanged();
}

/** Paths as the ledger takes them. */
export async function wellFormed(paths: readonly string[]): Promise<string[]>;
export async function wellFormed(paths: readonly string[] | undefined): Promise<string[] | undefined>;
export async function wellFormed(paths: readonly string[] | undefined): Promise<string[] | undefined> {
  return paths && (await mapInSlices(paths, (path) => path.toWellFormed()));
}

export type SyncBody = BodyOf<"sync">;

/** What became of a change set's files. */
export async function recordSync(parts: LoopParts, of: Decided, body: SyncBody): Promise<void> {
  const recorder = new Recorder(parts.ledger, { runId: of.runId, agent: of.agent }, parts.told);
  const { decided } = body;
  const by = decided && (await withShortSelection(parts, decided));
  recorder.record({ kind: "sync", body: { ...(await withShortLists(parts, body)), ...defined({ decided: by }) } });
  await recorder.settle();
  parts.reviewsChanged();
}

/** A body with the chosen files as content beside it, where they are too many to stand in an entry. */
export async function withShortSelection<T extends Selection>(
  { ledger }: { readonly ledger: Ledger },
  body: T,
): Promise<T> {
  const { files, protectedFiles, ...rest } = body;
  if (!isLong([files, protectedFiles])) return body;
  const selection = await ledger.keep(await bytesOfSelection({ files, protectedFiles }));
  return { ...rest, selection } as unknown as T;
}

/** Lists of a sync that grow with its change set: its own, and those of what somebody else did meanwhile. */
export interface SyncLists {
  readonly files?: SyncBody["files"];
  readonly conflicts?: SyncBody["conflicts"];
  readonly leftAlone?: unknown;
  readonly keptBeside?: unknown;
}

async function withShortLists({ ledger }: LoopParts, body: SyncBody): Promise<SyncBody> {
  const { files, conflicts, details, ...rest } = body;
  const { leftAlone, keptBeside, ...short } = (details ?? {}) as SyncLists & Record<string, never>;
  const own = { files, conflicts };
  const others = { leftAlone: leftAlone ?? [], keptBeside: keptBeside ?? [] };
  if (!isLong([own, others])) return body;
  // Whoever shows a set tells what others did to its files, and need not read what was written for that.
  const isAsideLong = isLong([others]);
  const list = await ledger.keep(await jsonBytes(isAsideLong ? { ...own, ...others } : own));
  return { ...rest, list, details: isAsideLong ? short : ({ ...short, ...others } as unknown as SyncBody["details"]) };
}

/** As an entry has them. Most are short, and few of those long ones are near the bound: they are not measured to the byte. */
export function isLong(lists: readonly unknown[]): boolean {
  let bytes = 0;
  const isBeyond = (value: unknown): boolean => {
    if (typeof value === "string") bytes += 4 + Buffer.byteLength(value);
    else if (Array.isArray(value)) return value.some(isBeyond);
    else if (typeof value === "object" && value !== null) return Object.values(value).some(isBeyond);
    return bytes > SELECTION_INLINE_BYTES_MAX;
  };
  return isBeyond(lists);
}
