import { randomUUID } from "node:crypto";
import type { BlobFiles } from "../../base/blob-files.ts";
import { type ByteString, labelOf, toByteString } from "../../base/byte-string.ts";
import { memorySource } from "../../base/content.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import type { Json } from "../../base/json.ts";
import { inSlices } from "../../base/pace.ts";
import { ZtlError } from "../../errors.ts";
import { placeOf } from "../changes/drafts.ts";
import { hostPathOf } from "../changes/entries.ts";
import type { FileState } from "../changes/node-state.ts";
import { checkProposal, toRealRoot } from "../changes/proposal.ts";
import type { ProposedChange, Root } from "../changes/proposed-change.ts";
import type { ConflictReason } from "../files/obstacle.ts";
import { MERGED_TEXT_BYTES_MAX, SPACES_CACHED_MAX, type SpaceLimits } from "../limits.ts";
import type { ChangeSets, KeptManifest } from "../state/change-sets.ts";
import { type DraftedDelta, draftDelta } from "./draft-delta.ts";
import { type MergeConflict, type Merged, mergeDelta } from "./merge.ts";
import { type SpaceEntries, withChanges } from "./space-entries.ts";
import { joinLabels, type SpaceEntry } from "./space-entry.ts";
import type { SpaceHead } from "./space-head.ts";
import type { LayerInUse, SpaceLayers } from "./space-layers.ts";
import { guestNameOf } from "./space-manifest.ts";
import type { Changes, SpaceStore } from "./space-store.ts";
import { mergeTexts } from "./text-merge.ts";

/** A workspace as a run sees it: one version, which never changes. */
export interface SpaceView {
  readonly spaceId: string;
  readonly version: number;
  readonly entries: SpaceEntries;
}

/** What a run did, to be laid over what its workspace has by now. */
export interface SpaceChanges {
  readonly runId: string;
  readonly agent: string;
  readonly tool: string;
  /** What made the changes, for the reviewer. */
  readonly command: string;
  /** The directories that the run could change. */
  readonly roots: readonly Root[];
  /** What differs from what the run saw. */
  readonly changes: readonly ProposedChange[];
  /** Of the conversation; kept with each file. */
  readonly labels: readonly Json[];
}

export interface CommitResult {
  readonly spaceId: string;
  readonly version: number;
  /** Of everything that was ever committed to it. */
  readonly hash: string;
  /** The review of everything pending, and the hash of what it is about; absent when nothing is. */
  readonly review?: { readonly id: string; readonly hash: string };
  /** Paths as the run named them. */
  readonly joined: readonly string[];
  readonly conflicts: readonly CommitConflict[];
  readonly dropped: readonly { readonly path: string; readonly reason: ConflictReason }[];
  /** There would have been more than a workspace may hold: nothing of the call's was taken. */
  readonly beyond?: { readonly what: "entries" | "bytes"; readonly found: number; readonly most: number };
}

export interface CommitConflict {
  readonly path: string;
  readonly reason: MergeConflict["reason"];
  /** The call whose work stands. */
  readonly byRunId?: string;
  /** The content that was not taken; undefined when it was to go, or is no file. */
  readonly refusedSha256?: string;
}

export interface SpacesParts {
  readonly store: SpaceStore;
  readonly sets: ChangeSets;
  readonly blobs: BlobFiles;
  readonly layers: SpaceLayers;
  readonly hidden: HiddenPlaces;
  readonly now: () => number;
  readonly expireAfterMs: number;
  readonly limits: SpaceLimits;
  /** Told how many bytes of contents a call brought. */
  readonly wrote: (bytes: number) => void;
}

/** What calls have changed and nobody has decided about, by whose it is: each call finds what earlier ones left, and adds to it. */
export class Spaces {
  /** What a run sees without a workspace. */
  readonly nothing: SpaceView = { spaceId: "", version: 0, entries: new Map() };
  readonly #parts: SpacesParts;
  /** The last versions that were read; the oldest goes first. */
  readonly #known = new Map<string, { readonly version: number; readonly entries: SpaceEntries }>();
  /** Commits of one workspace in this process wait for each other; those of other processes are noticed and made anew. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(parts: SpacesParts) {
    this.#parts = parts;
  }

  /** The workspace of an owner as it is now; an empty one when nothing was ever changed. */
  async view(owner: string, agent: string): Promise<SpaceView> {
    const head = this.#parts.store.open(owner, agent, this.#parts.now());
    return { spaceId: head.id, version: head.version, entries: await this.entriesOf(head) };
  }

  /**
   * Which version an owner's workspace is at. `state` stands for what is changed in it and how that came to be: it is the same
   * only for the same version, or while nothing is changed.
   */
  place(owner: string, agent: string): { readonly spaceId: string; readonly version: number; readonly state: string } {
    const { id, version, entryCount, hash } = this.#parts.store.open(owner, agent, this.#parts.now());
    return { spaceId: id, version, state: entryCount === 0 ? "unchanged" : hash };
  }

  /** As it was for an earlier run. Throws ZtlError `unknown-workspace`. */
  async viewAt(spaceId: string, version: number): Promise<SpaceView> {
    const head = this.#parts.store.get(spaceId);
    if (head.version === version) return { spaceId, version, entries: await this.entriesOf(head) };
    if (version < head.kept)
      throw new ZtlError("unknown-workspace", `The version ${version} of ${spaceId} is not kept any more`, { spaceId });
    return { spaceId, version, entries: await this.#parts.store.entriesAt(spaceId, version) };
  }

  /**
   * Bytes of files that a call may add to a workspace as it is now. What the files take that a call deletes is free for the next one: what
   * a call has written is weighed when it has ended, whatever it deletes.
   */
  roomIn({ spaceId }: SpaceView): number {
    const { store, limits } = this.#parts;
    return Math.max(0, limits.bytes - store.get(spaceId).sizeBytes);
  }

  /** For the sandbox, to be laid over the host's files. Throws ZtlError when a content is not kept any more. */
  async useLayer(view: SpaceView): Promise<LayerInUse> {
    return await this.#parts.layers.use(view);
  }

  /**
   * Labels of those who wrote what a run read of a workspace. `paths` are those of the guest, `roots` all that it was shown of the
   * host. Of what is not found by its name (one that is no text), everybody's who wrote there.
   */
  labelsOf(view: SpaceView, roots: readonly Root[], paths: readonly string[]): readonly Json[] {
    if (paths.length === 0) return [];
    const real = withRealPaths(roots);
    const found = paths.map((path) => {
      const place = placeOf(toByteString(path), real);
      return place === undefined ? undefined : view.entries.get(hostPathOf(place, real))?.labels;
    });
    const all = found.includes(undefined) ? [...view.entries.values()].map(({ labels }) => labels) : [];
    return joinLabels([], ...found, ...all);
  }

  /** A content that is kept for a workspace, such as one that was refused; undefined when it is not kept any more. */
  async keptContent(sha256: string): Promise<Uint8Array | undefined> {
    return await this.#parts.blobs.get(sha256);
  }

  /** Throws ZtlError for what no sandbox reports; what several calls or the limits stand against is in the result. */
  async commit(view: SpaceView, made: SpaceChanges): Promise<CommitResult> {
    const { runId, tool, labels } = made;
    const { entries: most } = this.#parts.limits;
    if (made.changes.length > most) {
      const beyond = { what: "entries", found: made.changes.length, most } as const;
      return this.#answer(this.#parts.store.get(view.spaceId), { roots: [], beyond });
    }
    const { roots } = await checkProposal(made);
    const source = { changes: made.changes, roots, base: view.entries, by: { runId, tool }, labels };
    const drafted = await draftDelta(source, this.#parts);
    const result = await this.alone(view.spaceId, () => this.#lay(view, { ...made, roots }, drafted));
    this.#parts.wrote(made.changes.reduce((sum, { content }) => sum + (content?.length ?? 0), 0));
    return result;
  }

  /** Lets nobody else of this process change the workspace meanwhile. */
  async alone<T>(spaceId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(spaceId) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(spaceId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(spaceId) === turn) this.#last.delete(spaceId);
    }
  }

  async entriesOf(head: SpaceHead): Promise<SpaceEntries> {
    const { id, version } = head;
    const known = this.#known.get(id);
    if (known?.version === version) return known.entries;
    const { store } = this.#parts;
    const entries =
      known !== undefined && known.version < version && known.version >= head.kept
        ? await withChanges(known.entries, await store.changesBetween(id, known.version, version))
        : await store.entriesAt(id, version);
    this.#remember(id, version, entries);
    return entries;
  }

  /** The head after some entries changed, with everything that is counted. To be called alone. */
  async headWith(head: SpaceHead, changes: Changes): Promise<Pick<SpaceHead, "entryCount" | "sizeBytes">> {
    const entries = await this.entriesOf(head);
    let { entryCount, sizeBytes } = head;
    await inSlices(changes, ([path, entry]) => {
      const old = entries.get(path);
      entryCount += (entry === undefined ? 0 : 1) - (old === undefined ? 0 : 1);
      sizeBytes += bytesOf(entry) - bytesOf(old);
    });
    return { entryCount, sizeBytes };
  }

  /** Three-way, of contents that are kept; undefined when they are no texts, or cannot be put together. */
  async joinTexts(
    base: FileState,
    ours: FileState,
    theirs: FileState,
  ): Promise<Pick<FileState, "sha256" | "sizeBytes"> | undefined> {
    const { blobs } = this.#parts;
    const states = [base, ours, theirs];
    if (states.some(({ sha256, sizeBytes }) => sha256 === "" || sizeBytes > MERGED_TEXT_BYTES_MAX)) return undefined;
    const [a, b, c] = await Promise.all(states.map(({ sha256 }) => blobs.get(sha256, MERGED_TEXT_BYTES_MAX)));
    const joined = a && b && c ? mergeTexts(a, b, c) : undefined;
    if (joined === undefined) return undefined;
    const kept = await blobs.put(memorySource(joined));
    await blobs.settle();
    return kept;
  }

  async #lay(view: SpaceView, made: SpaceChanges, drafted: DraftedDelta): Promise<CommitResult> {
    const { store } = this.#parts;
    for (;;) {
      const head = store.get(view.spaceId);
      const current = await this.entriesOf(head);
      const merged = await mergeDelta({
        ...{ base: view.entries, current, delta: drafted.edits },
        join: (base, ours, theirs) => this.joinTexts(base, ours, theirs),
      });
      if (merged.entries.size === 0) return this.#answer(head, { roots: made.roots, merged, drafted });
      const counted = await this.headWith(head, merged.entries);
      const beyond = beyondLimits(counted, this.#parts.limits);
      if (beyond !== undefined) return this.#answer(head, { roots: made.roots, beyond });
      const next = await this.#commit(head, made, counted, merged.entries);
      if (next === undefined) continue;
      this.#remember(next.id, next.version, await withChanges(current, merged.entries));
      return this.#answer(next, { roots: made.roots, merged, drafted });
    }
  }

  async #commit(
    head: SpaceHead,
    { runId, agent, tool, command, roots }: SpaceChanges,
    counted: Pick<SpaceHead, "entryCount" | "sizeBytes">,
    changes: Changes,
  ): Promise<SpaceHead | undefined> {
    const { store, now, expireAfterMs } = this.#parts;
    const at = now();
    const isUndone = counted.entryCount === 0 && head.entryCount > 0;
    const nothingLeft = isUndone ? await this.#keepNothing(head) : undefined;
    const next = await store.commit(head, {
      kind: "call",
      changes,
      at,
      head: {
        ...{ agent, ...counted, last: { runId, tool, command }, expiresAt: at + expireAfterMs },
        review: isUndone ? randomUUID() : head.review,
        roots: [
          ...head.roots,
          ...roots.filter((root) => !head.roots.some(({ hostRoot }) => hostRoot === root.hostRoot)),
        ],
        beganAt: head.entryCount === 0 ? at : head.beganAt,
      },
      // Whoever waits for the review learns that there is nothing left to decide.
      ...(nothingLeft && { also: () => this.#supersede(head, nothingLeft, at) }),
    });
    if (next === undefined && nothingLeft !== undefined) await this.#parts.sets.drop(nothingLeft);
    return next;
  }

  async #keepNothing({ last, agent, roots }: SpaceHead): Promise<KeptManifest> {
    return await this.#parts.sets.keep({ ...last, agent, roots, entries: [] });
  }

  #supersede({ review: id, beganAt, expiresAt }: SpaceHead, manifest: KeptManifest, at: number): void {
    this.#parts.sets.addDecided({
      ...{ id, manifest, createdAt: beganAt, expiresAt, decidedAt: at },
      state: "superseded",
    });
  }

  #answer(head: SpaceHead, { roots, merged, drafted, beyond }: Told): CommitResult {
    const nameOf = (path: ByteString): string => labelOf(guestNameOf(path, roots));
    const pending = head.entryCount - this.#parts.store.takenCount(head.id);
    return {
      ...{ spaceId: head.id, version: head.version, hash: head.hash },
      ...(pending > 0 && { review: { id: head.review, hash: head.hash } }),
      joined: (merged?.joined ?? []).map(nameOf),
      conflicts: (merged?.conflicts ?? []).map((conflict) => toConflict(conflict, nameOf)),
      dropped: (drafted?.dropped ?? []).map(({ path, reason }) => ({ path: nameOf(path), reason })),
      ...(beyond && { beyond }),
    };
  }

  #remember(id: string, version: number, entries: SpaceEntries): void {
    this.#known.delete(id);
    this.#known.set(id, { version, entries });
    const [oldest] = this.#known.keys();
    if (this.#known.size > SPACES_CACHED_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}

interface Told {
  readonly roots: readonly Root[];
  readonly merged?: Merged;
  readonly drafted?: DraftedDelta;
  readonly beyond?: CommitResult["beyond"];
}

function bytesOf(entry: SpaceEntry | undefined): number {
  return entry?.after.type === "file" ? entry.after.sizeBytes : 0;
}

function beyondLimits(
  { entryCount, sizeBytes }: Pick<SpaceHead, "entryCount" | "sizeBytes">,
  { entries, bytes }: SpaceLimits,
): CommitResult["beyond"] | undefined {
  if (entryCount > entries) return { what: "entries", found: entryCount, most: entries };
  return sizeBytes > bytes ? { what: "bytes", found: sizeBytes, most: bytes } : undefined;
}

function toConflict(
  { path, reason, by, refused: { after } }: MergeConflict,
  nameOf: (path: ByteString) => string,
): CommitConflict {
  return {
    ...{ path: nameOf(path), reason },
    ...(by && { byRunId: by.runId }),
    ...(after.type === "file" && { refusedSha256: after.sha256 }),
  };
}

function withRealPaths(roots: readonly Root[]): Root[] {
  return roots.map(toRealRoot);
}
