import { z } from "zod";
import { inSlices } from "../../base/pace.ts";
import { type DamageFormat, damaged, parseStored, type StoredFormat } from "../../base/stored-json.ts";
import type { ChangeEntry, Conflict } from "../changes/change-set.ts";
import type { NodeState } from "../changes/node-state.ts";
import type { Root } from "../changes/proposed-change.ts";
import { ROW_JSON } from "../limits.ts";
import type { SpaceEntry } from "../spaces/space-entry.ts";
import type { Step } from "../sync/plan.ts";
import type { JournalEntry, JournalRoot } from "./journal.ts";
import { itemsIn, type Ranges } from "./ranges.ts";
import type { ListFormat, StoredLists } from "./stored-lists.ts";

/** What the database of a workspace holds as JSON. Whoever could write it could choose what is written to the host's files. */

/** One character for each byte, without NUL: what a path can be. */
const byteString = z
  .string()
  .regex(/^[^\u0100-\uffff]*$/, "must have one character for each byte")
  .refine((path) => !path.includes("\0"), "must not contain NUL");
const index = z.number().int().nonnegative();
const text = z.string();
const sha256 = z
  .string()
  .regex(/^([0-9a-f]{64})?$/, "must be a SHA-256 in hexadecimal, or empty for one that is not known");
/** The twelve permission bits. */
const mode = z.number().int().min(0).max(0o7777);
/** uid_t and gid_t (asm-generic/posix_types.h: 32 bits, without sign). */
const id = z.number().int().min(0).max(0xffff_ffff);
const owned = { uid: id, gid: id };
/** A 64-bit number, as far as the decimal digits go. */
const timeNs = z.string().regex(/^-?\d{1,19}$/, "must be a number of nanoseconds");
const metadata = z.strictObject({
  mode: mode.optional(),
  uid: id.optional(),
  gid: id.optional(),
  mtimeNs: timeNs.optional(),
});

const state = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("absent") }),
  z.strictObject({
    type: z.literal("file"),
    ...owned,
    mode,
    sha256,
    sizeBytes: index,
    mtimeNs: timeNs.optional(),
    inode: text.optional(),
    nameOf: byteString.optional(),
  }),
  z.strictObject({ type: z.literal("directory"), ...owned, mode }),
  z.strictObject({ type: z.literal("symlink"), ...owned, target: byteString }),
  z.strictObject({ type: z.enum(["fifo", "socket", "character-device", "block-device"]) }),
]);

const entry = z.strictObject({
  path: text,
  hostPath: text,
  kind: z.enum(["add", "modify", "delete", "mode", "symlink", "rename", "hard-link", "type-change"]),
  edit: z.strictObject({ root: index, path: byteString, before: state, after: state }),
  renamedFrom: text.optional(),
  renamedTo: text.optional(),
  linkOf: text.optional(),
  symlinkTarget: text.optional(),
  // Words for people: a version that has fewer of them shows those of another one, too.
  flags: z.array(text),
  protectedBecause: z.array(text),
  by: z.strictObject({ runId: text, tool: text }).optional(),
  blocked: text.optional(),
});

/** Of a workspace; labels are words of whoever uses it. */
const spaceEntry = z.strictObject({
  before: state,
  after: state,
  by: z.strictObject({ runId: text, tool: text }),
  renamedFrom: byteString.optional(),
  linkOf: byteString.optional(),
  baseNames: index.optional(),
  isBinary: z.literal(true).optional(),
  mtimeNs: timeNs.optional(),
  blocked: text.optional(),
  labels: z.array(z.unknown()),
});
const roots = z.array(z.strictObject({ hostRoot: text, guestRoot: text, isMountPoint: z.literal(true).optional() }));

const ranges = z.array(z.tuple([index, index]));
const at = { root: index, path: byteString };
const step = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("place"), ...at, object: index }),
  z.strictObject({ do: z.literal("replace"), ...at, object: index }),
  z.strictObject({ do: z.literal("remove"), ...at }),
  z.strictObject({ do: z.literal("make-directory"), ...at }),
  z.strictObject({ do: z.literal("remove-directory"), ...at, was: metadata }),
  z.strictObject({
    do: z.literal("set-metadata"),
    ...at,
    type: z.enum(["file", "directory", "symlink"]),
    from: metadata,
    to: metadata,
  }),
]);
const journalRoots = z.array(z.strictObject({ path: text, inode: z.string().regex(/^\d+$/, "must be a number") }));
const fingerprint = z.string().regex(/^(\d+:\d+:-?\d+)?$/, "must be a fingerprint");

const CHANGE_SET = {
  limits: ROW_JSON,
  code: "change-set-damaged",
  remedy: "Someone changed the workspace's database. Do not apply it; reject it and run the call again.",
};
const ENTRIES: ListFormat = {
  name: "entries",
  format: { ...CHANGE_SET, what: "A change set", shape: z.array(entry) },
};
const CONFLICTS: ListFormat = {
  name: "conflicts",
  format: {
    ...CHANGE_SET,
    what: "The list of a change set's conflicts",
    shape: z.array(z.strictObject({ path: text, reason: text })),
  },
};
const FILES: ListFormat = {
  name: "files",
  format: { ...CHANGE_SET, what: "The list of files that were written", shape: z.array(text) },
};
const JOURNAL = {
  what: "The journal of a sync that was interrupted",
  limits: ROW_JSON,
  code: "journal-damaged",
  remedy:
    "What it replaced is kept in directories named .ztl-sync-… beside the files; nothing of them was touched. Put the " +
    "workspace's database back from a copy, or take the files from there by hand and give another stateDirectory.",
};
const STEPS: ListFormat = { name: "steps", format: { ...JOURNAL, shape: z.array(step) } };
const OBJECTS: ListFormat = { name: "objects", format: { ...JOURNAL, shape: z.array(state) } };
const FOUND: ListFormat = { name: "found", format: { ...JOURNAL, shape: z.array(fingerprint) } };

const SPACE = {
  limits: ROW_JSON,
  code: "workspace-damaged",
  remedy:
    "Someone changed the workspace's database. Approve nothing of it; give another stateDirectory, and run the calls again.",
};
const SPACE_ENTRY: StoredFormat = { ...SPACE, what: "An entry of a workspace", shape: spaceEntry };
const SPACE_ROOTS: StoredFormat = { ...SPACE, what: "The directories of a workspace", shape: roots };

export function parseSpaceEntry(json: string): SpaceEntry {
  return parseStored(json, SPACE_ENTRY);
}

export function parseRoots(json: string): readonly Root[] {
  return parseStored(json, SPACE_ROOTS);
}

/** Everything that a reviewer saw of a set; `seen` gets its text, row by row. */
export async function readEntries(
  lists: StoredLists,
  key: string,
  { roots, count }: { readonly roots: readonly Root[]; readonly count: number },
  seen: (entries: string) => void,
): Promise<readonly ChangeEntry[]> {
  const entries = await lists.read<ChangeEntry>(key, ENTRIES, seen);
  expectCount(entries, count, ENTRIES.format);
  await inSlices(entries, ({ edit }) => {
    if (edit.root >= roots.length) throw damaged(ENTRIES.format, "it has a change in no root");
  });
  return entries;
}

export function parseSetRoots(json: string): readonly Root[] {
  return parseStored(json, { ...CHANGE_SET, what: "The directories of a change set", shape: roots });
}

/** Those of a list that somebody chose. */
export function parseChosen<T>(json: string, items: readonly T[]): readonly T[] {
  const format = { ...CHANGE_SET, what: "The choice of a change set's files", shape: ranges };
  const chosen = itemsIn(parseStored<Ranges>(json, format), items);
  if (chosen === undefined) throw damaged(format, "it has files that are not there");
  return chosen;
}

export async function readConflicts(lists: StoredLists, key: string, count: number): Promise<readonly Conflict[]> {
  const conflicts = await lists.read<Conflict>(key, CONFLICTS);
  expectCount(conflicts, count, CONFLICTS.format);
  return conflicts;
}

export async function readFiles(lists: StoredLists, key: string, count: number): Promise<readonly string[]> {
  const files = await lists.read<string>(key, FILES);
  expectCount(files, count, FILES.format);
  return files;
}

export function parseJournalRoots(json: string): readonly JournalRoot[] {
  return parseStored(json, { ...JOURNAL, shape: journalRoots });
}

/** The steps of a journal, what they put in place, and what was found where they replace or remove something. */
export async function readPlan(
  lists: StoredLists,
  key: string,
  counts: { readonly roots: number; readonly steps: number; readonly objects: number },
): Promise<Pick<JournalEntry, "steps" | "objects" | "found">> {
  const steps = await lists.read<Step>(key, STEPS);
  const objects = await lists.read<NodeState>(key, OBJECTS);
  const found = await lists.read<string>(key, FOUND);
  expectCount(steps, counts.steps, JOURNAL);
  expectCount(objects, counts.objects, JOURNAL);
  if (steps.length !== found.length) throw damaged(JOURNAL, "it has a fingerprint for no step");
  await inSlices(steps, (one) => {
    if (one.root >= counts.roots) throw damaged(JOURNAL, "it has a step in no root");
    if ("object" in one && one.object >= objects.length) throw damaged(JOURNAL, "it has a step with no object");
  });
  return { steps, objects, found };
}

function expectCount(list: readonly unknown[], count: number, format: DamageFormat): void {
  if (list.length !== count) throw damaged(format, `it has ${list.length} items instead of ${count}`);
}
