import { realpathSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import type { BlobFiles } from "../../base/blob-files.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices } from "../../base/pace.ts";
import { inParallel } from "../../base/parallel.ts";
import { ZtlError } from "../../errors.ts";
import { isMountPoint, withRoots } from "../files/root-directory.ts";
import { PARALLEL_FILES, ROOTS_MAX, TEXT_UNITS_MAX } from "../limits.ts";
import type { Manifest } from "./change-set.ts";
import { draftChanges } from "./drafts.ts";
import { type DraftedEdit, draftEdit } from "./edits.ts";
import { makeEntries, toEntryDrafts } from "./entries.ts";
import type { ProposedChange, Root } from "./proposed-change.ts";
import type { Protection } from "./protection.ts";

export interface Proposal {
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  /** What made the changes, for the reviewer. */
  readonly command: string;
  readonly roots: readonly Root[];
  readonly changes: readonly ProposedChange[];
  /** The pending set of the same agent that lay under the run; the new one takes its place. */
  readonly startedFrom?: string;
}

// What a person agrees to is hashed: a lone surrogate has no bytes that could be.
const text = z
  .string()
  .max(TEXT_UNITS_MAX)
  .refine((value) => value.isWellFormed(), "expected text without lone surrogates");
const path = z
  .string()
  .refine((value) => isAbsolute(value) && !value.includes("\0") && value.isWellFormed(), "expected an absolute path");
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.int().min(0).max(0xffff_ffff);
const changeShape = z.object({
  path,
  kind: z.enum(["add", "modify", "delete"]),
  fileType: z.enum(["file", "directory", "symlink", "fifo", "socket", "character-device", "block-device"]),
  mode: z.int().min(0).optional(),
  uid: id.optional(),
  gid: id.optional(),
  symlinkTarget: z.string().optional(),
  baseSha256: hash.optional(),
  newSha256: hash.optional(),
  content: z.instanceof(Uint8Array).optional(),
});
const proposalShape = z.object({
  runId: text.min(1),
  agent: text.min(1),
  tool: text.min(1),
  command: text,
  roots: z.array(z.object({ hostRoot: path, guestRoot: path })).max(ROOTS_MAX),
  changes: z.array(z.unknown()),
});

/** What a proposal is held against. */
export interface Ground {
  readonly blobs: BlobFiles;
  readonly protection: Protection;
  readonly hidden: HiddenPlaces;
}

/** With real roots. Throws ZtlError `bad-proposal` or `root-missing`. */
export async function checkProposal(proposal: Omit<Proposal, "startedFrom">): Promise<{ readonly roots: Root[] }> {
  const parsed = proposalShape.safeParse(proposal);
  if (!parsed.success) throw badProposal(z.prettifyError(parsed.error));
  await inSlices(proposal.changes, (change, index) => {
    const { success, error } = changeShape.safeParse(change);
    if (!success) throw badProposal(`change ${index}: ${z.prettifyError(error)}`);
  });
  return { roots: proposal.roots.map(toRealRoot) };
}

function badProposal(problem: string): ZtlError {
  return new ZtlError("bad-proposal", `Not a proposal of changes: ${problem}`);
}

/** What a person will be asked to agree to, with all contents kept. Throws ZtlError for what no sandbox reports. */
export async function makeManifest(proposal: Proposal, { blobs, protection, hidden }: Ground): Promise<Manifest> {
  const { runId, agent, tool, command, changes } = proposal;
  const { roots } = await checkProposal(proposal);
  const drafts = await draftChanges(changes, roots);
  return await withRoots(roots, hidden, async (directories) => {
    const drafted: DraftedEdit[] = [];
    await inParallel([...drafts.entries()], PARALLEL_FILES, async ([index, draft]) => {
      const directory = directories[draft.root];
      if (directory !== undefined) drafted[index] = await draftEdit(draft, directory, blobs);
    });
    await blobs.settle();
    const entries = await makeEntries(await toEntryDrafts(drafted, roots), { roots, directories, protection });
    return { runId, agent, tool, command, roots, entries };
  });
}

/** A link on the way to the root is the owner's; it is followed once, here, and what it led to is what is shown and changed. */
export function toRealRoot({ hostRoot, guestRoot }: Root): Root {
  const guest = normalize(guestRoot);
  try {
    const real = realpathSync(hostRoot);
    const named = { hostRoot: real, guestRoot: guest.length > 1 ? guest.replace(/\/$/, "") : guest };
    return isMountPoint(real) ? { ...named, isMountPoint: true } : named;
  } catch (error) {
    throw new ZtlError("root-missing", `The directory ${hostRoot} is not there`, { path: hostRoot }, { cause: error });
  }
}
