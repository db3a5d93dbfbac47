import { z } from "zod";
import { parseStored, type StoredFormat } from "../../base/stored-json.ts";
import type { Conflict, Manifest } from "../changes/change-set.ts";
import type { Root } from "../changes/proposed-change.ts";
import { MANIFEST_JSON } from "../limits.ts";
import type { SpaceEntry } from "../spaces/space-entry.ts";
import type { JournalEntry } from "./journal.ts";

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
const roots = z.array(z.strictObject({ hostRoot: text, guestRoot: text }));

const manifest = z
  .strictObject({
    runId: text,
    agent: text,
    tool: text,
    command: text,
    roots,
    entries: z.array(entry),
  })
  .refine(({ roots, entries }) => entries.every(({ edit }) => edit.root < roots.length), "has a change in no root");

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

const journalEntry = z
  .strictObject({
    roots: z.array(z.strictObject({ path: text, inode: z.string().regex(/^\d+$/, "must be a number") })),
    steps: z.array(step),
    objects: z.array(state),
    found: z.array(z.string().regex(/^(\d+:\d+:-?\d+)?$/, "must be a fingerprint")),
  })
  .refine(({ roots, steps }) => steps.every(({ root }) => root < roots.length), "has a step in no root")
  .refine(({ steps, found }) => steps.length === found.length, "has a fingerprint for no step")
  .refine(
    ({ steps, objects }) => steps.every((one) => !("object" in one) || one.object < objects.length),
    "has a step with no object",
  );

const CHANGE_SET = {
  limits: MANIFEST_JSON,
  code: "change-set-damaged",
  remedy: "Someone changed the workspace's database. Do not apply it; reject it and run the call again.",
};
const MANIFEST: StoredFormat = { ...CHANGE_SET, what: "A change set", shape: manifest };
const CONFLICTS: StoredFormat = {
  ...CHANGE_SET,
  what: "The list of a change set's conflicts",
  shape: z.array(z.strictObject({ path: text, reason: text })),
};
const PLAN: StoredFormat = {
  what: "The journal of a sync that was interrupted",
  limits: MANIFEST_JSON,
  shape: journalEntry,
  code: "journal-damaged",
  remedy:
    "What it replaced is kept in directories named .ztl-sync-… beside the files; nothing of them was touched. Put the " +
    "workspace's database back from a copy, or take the files from there by hand and give another stateDirectory.",
};

const SPACE = {
  limits: MANIFEST_JSON,
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

export function parseManifest(serialised: string): Manifest {
  return parseStored(serialised, MANIFEST);
}

/** Indices into the entries, of which there are so many. */
export function parseChosen(json: string, entryCount: number): readonly number[] {
  const shape = z.array(index.max(entryCount - 1));
  return parseStored(json, { ...CHANGE_SET, what: "The choice of a change set's files", shape });
}

export function parseConflicts(json: string): readonly Conflict[] {
  return parseStored(json, CONFLICTS);
}

export function parseFiles(json: string): readonly string[] {
  return parseStored(json, { ...CHANGE_SET, what: "The list of files that were written", shape: z.array(text) });
}

export function parsePlan(json: string): Omit<JournalEntry, "changeSetId" | "operation" | "phase"> {
  return parseStored(json, PLAN);
}
