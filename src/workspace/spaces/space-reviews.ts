import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { BlobFiles } from "../../base/blob-files.ts";
import type { ByteString } from "../../base/byte-string.ts";
import type { HiddenPlaces } from "../../base/hidden-places.ts";
import { inSlices } from "../../base/pace.ts";
import type { ChangeEntry, ChangeSet, Manifest } from "../changes/change-set.ts";
import type { Protection } from "../changes/protection.ts";
import { CUT_MS_MAX } from "../limits.ts";
import { type ApproveOptions, selectEntries } from "../review/approval.ts";
import { chosenOf, missingChoices, pathsOf } from "../review/selection.ts";
import type { ChangeSets, CutChangeSet } from "../state/change-sets.ts";
import { appliedChanges } from "./applied-changes.ts";
import { EntryViews } from "./entry-views.ts";
import { itemsOf, type RebaseTake, rebase } from "./rebase.ts";
import { conflictsOf, withoutConflicts } from "./space-conflicts.ts";
import type {
  SpaceApproveResult,
  SpaceRebaseOptions,
  SpaceRebaseResult,
  SpaceRejectOptions,
  SpaceRejectResult,
} from "./space-decisions.ts";
import { without } from "./space-entries.ts";
import type { SpaceHead } from "./space-head.ts";
import { hostPathsOf, manifestOf, type SpaceManifest, withRootsInUse } from "./space-manifest.ts";
import type { Changes, CommitKind, SpaceStore } from "./space-store.ts";
import type { Spaces } from "./spaces.ts";

/** How long a decision waits for what another process is about to decide: more than a large set takes to be written. */
const OVERTAKEN_MS_MAX = 10_000;
const LOOK_EVERY_MS = 20;

/** Everything pending of one workspace, as a person is asked about it. It has the shape of a change set, and is none yet. */
export type SpaceReview = ChangeSet & {
  readonly spaceId: string;
  readonly version: number;
};

export interface SpaceReviewsParts {
  readonly store: SpaceStore;
  readonly spaces: Spaces;
  readonly sets: ChangeSets;
  readonly blobs: BlobFiles;
  readonly protection: Protection;
  readonly hidden: HiddenPlaces;
  readonly now: () => number;
}

type Stale = Extract<SpaceApproveResult, { status: "stale" }>;

interface Pending extends SpaceManifest {
  readonly head: SpaceHead;
}

/**
 * The review of each workspace: its id stays as long as anything is pending, its hash changes with every commit. A decision about
 * some of it cuts a change set out, which never changes; the rest stays where it is. What an approval cut stays in the workspace,
 * marked as taken, until it is on the host: so no call in between misses it.
 */
export class SpaceReviews {
  readonly #parts: SpaceReviewsParts;
  readonly #views = new EntryViews();

  constructor(parts: SpaceReviewsParts) {
    this.#parts = parts;
  }

  /** The last changed first. */
  list(limit: number, agent?: string): Omit<SpaceReview, "entries" | "conflicts" | "roots">[] {
    const heads = this.#parts.store.list(limit, agent);
    return heads.flatMap((head) => {
      const count = head.entryCount - this.#parts.store.takenCount(head.id);
      return count > 0 ? [summaryOf(head, count)] : [];
    });
  }

  find(review: string): Omit<SpaceReview, "entries" | "conflicts" | "roots"> | undefined {
    const head = this.#parts.store.ofReview(review);
    if (head === undefined) return undefined;
    // Somebody who is deciding about all of it has not said so yet: until then it waits.
    const isUnderWay = this.#parts.store.takes(review);
    const count = isUnderWay ? head.entryCount : head.entryCount - this.#parts.store.takenCount(head.id);
    return count === 0 ? undefined : summaryOf(head, count);
  }

  /** All of it; `conflicts` are of the host as it is now. */
  async get(review: string): Promise<SpaceReview | undefined> {
    const pending = await this.#pending(review);
    if (pending === undefined) return undefined;
    const { head, roots, entries } = pending;
    const conflicts = await conflictsOf(this.#parts, pending, entries);
    return { ...summaryOf(head, entries.length), roots, entries, conflicts };
  }

  /** For looking at it: what is said of the host beside it may be some seconds old. A decision looks again. */
  async entry(review: string, path: string): Promise<ChangeEntry | undefined> {
    const { store, now } = this.#parts;
    const head = store.ofReview(review);
    if (head === undefined) return undefined;
    const version = `${head.version} ${store.takenCount(head.id)}`;
    return (await this.#views.of(review, version, now(), async () => (await this.#pending(review))?.entries ?? [])).get(
      path,
    );
  }

  /** Undefined when this is no review of a workspace (any more). */
  async approve(review: string, options: ApproveOptions): Promise<SpaceApproveResult | undefined> {
    return await this.#decide(review, async (pending) => {
      const { head, entries } = pending;
      if (head.hash !== options.hash) return { status: "stale", hash: head.hash };
      if (head.expiresAt <= this.#parts.now()) return { status: "expired" };
      const selected = await selectEntries(entries, options);
      if (selected.status !== "selected") return selected;
      const chosen = await chosenOf(entries, selected.chosen);
      const { possible, conflicts } = await withoutConflicts(this.#parts, pending, chosen);
      if (possible.length === 0) return { status: "conflict", conflicts };
      const { reviewer: by, message } = options;
      const changeSet = await this.#cut(pending, possible, { kind: "cut", state: "approved", by, message });
      if (changeSet === undefined) return undefined;
      return { status: "approved", changeSet, ...(conflicts.length > 0 && { left: conflicts }) };
    });
  }

  /** Drops entries: to the next call they are as the host has them. Undefined when this is no review of a workspace (any more). */
  async reject(review: string, options: SpaceRejectOptions): Promise<SpaceRejectResult | undefined> {
    return await this.#decide(review, async (pending) => {
      const { head, entries } = pending;
      if (options.hash !== undefined && head.hash !== options.hash) return { status: "stale", hash: head.hash };
      if (head.expiresAt <= this.#parts.now()) return { status: "expired" };
      const known = await pathsOf(entries);
      const unknown = (options.files ?? []).filter((path) => !known.has(path));
      if (unknown.length > 0) return { status: "unknown-files", files: unknown };
      const goes = options.files === undefined ? known : new Set(options.files);
      if (goes.size === 0) return { status: "nothing-chosen" };
      // What stays must be able to stay without what goes.
      const stays = new Set<string>();
      await inSlices(known, (path) => void (goes.has(path) || stays.add(path)));
      const missing = await missingChoices(entries, stays);
      if (missing.length > 0) return { status: "incomplete-selection", missing };
      const { reviewer: by, message } = options;
      const dropped = await chosenOf(entries, goes);
      const cut = await this.#cut(pending, dropped, { kind: "rejected", state: "rejected", by, message });
      return cut === undefined ? undefined : { status: "rejected" };
    });
  }

  /**
   * Lays entries over what the host has by now, so that they are no conflicts any more; the rest stays as it is. Undefined when this is
   * no review of a workspace (any more).
   */
  async rebase(review: string, options: SpaceRebaseOptions): Promise<SpaceRebaseResult | undefined> {
    return await this.#decide(review, async (pending) => {
      const { head, entries } = pending;
      if (head.hash !== options.hash) return { status: "stale", hash: head.hash };
      if (head.expiresAt <= this.#parts.now()) return { status: "expired" };
      const known = await pathsOf(entries);
      const unknown = (options.files ?? []).filter((path) => !known.has(path));
      if (unknown.length > 0) return { status: "unknown-files", files: unknown };
      const chosen = new Set(
        options.files ?? (await conflictsOf(this.#parts, pending, entries)).map(({ path }) => path),
      );
      if (chosen.size === 0) return { status: "nothing-chosen" };
      return await this.#rebase(pending, chosen, options.take ?? "merge");
    });
  }

  async #rebase(
    pending: Pending,
    chosen: ReadonlySet<string>,
    take: RebaseTake,
  ): Promise<SpaceRebaseResult | undefined> {
    const { spaces } = this.#parts;
    const { head } = pending;
    const items = await itemsOf(pending, await spaces.entriesOf(head), chosen);
    const { changes, files, unmerged } = await rebase(pending.roots, items, {
      ...{ take, blobs: this.#parts.blobs, hidden: this.#parts.hidden },
      join: (base, ours, theirs) => spaces.joinTexts(base, ours, theirs),
    });
    if (changes.size === 0) return { status: "rebased", hash: head.hash, files, unmerged };
    const next = await this.#commit(head, "rebased", changes, take);
    if (next === undefined) return undefined;
    return { status: "rebased", hash: next.hash, files, unmerged };
  }

  /**
   * Drops what nobody decided about in time; returns the reviews' ids. Each for itself: one that cannot be read is told to `failed`, and
   * keeps no other from it.
   */
  async expire(failed: (review: string, error: unknown) => void = () => {}): Promise<string[]> {
    const expired: string[] = [];
    for (const review of this.#parts.store.expired(this.#parts.now())) {
      try {
        const cut = await this.#alone(review, (pending) =>
          this.#cut(pending, pending.entries, { kind: "expired", state: "expired" }),
        );
        if (cut !== undefined) expired.push(review);
      } catch (error) {
        failed(review, error);
      }
    }
    return expired;
  }

  /** What an applied change set brought to the host is a change no more. Also after a restart: what is done twice does nothing. */
  async settle(changeSet: string): Promise<void> {
    const { store, sets, spaces } = this.#parts;
    const spaceId = store.spaceOf(changeSet);
    if (spaceId === undefined) return;
    const set = await sets.get(changeSet);
    await spaces.alone(spaceId, async () => {
      for (let isDone = set?.state !== "applied"; !isDone; ) {
        const head = store.get(spaceId);
        const changes = await appliedChanges(set as ChangeSet, await spaces.entriesOf(head));
        isDone = changes.size === 0 || (await this.#commit(head, "applied", changes, changeSet)) !== undefined;
      }
      await store.release(changeSet);
    });
  }

  /**
   * Entries of sets that are no more on their way to the host go back to what is pending, or are a change no more. Each set for itself:
   * one that cannot be read, or whose workspace cannot, is told to `failed`, and keeps no other from it; what it took stays taken.
   */
  async settleAll(failed: (changeSet: string, error: unknown) => void): Promise<void> {
    const { store, now } = this.#parts;
    for (const { changeSet, state, at } of store.takers()) {
      const isBegun = state === undefined && now() - at < CUT_MS_MAX;
      if (isBegun || isUnderWay(state)) continue;
      try {
        await this.settle(changeSet);
      } catch (error) {
        failed(changeSet, error);
      }
    }
  }

  async #pending(review: string): Promise<Pending | undefined> {
    const { store, spaces } = this.#parts;
    const head = store.ofReview(review);
    if (head === undefined) return undefined;
    const taken = await store.takenPaths(head.id);
    const entries = await spaces.entriesOf(head);
    const free = taken.size === 0 ? entries : await without(entries, taken);
    if (free.size === 0) return undefined;
    return { head, ...(await manifestOf(head.roots, free, this.#parts)) };
  }

  async #alone<T>(review: string, work: (pending: Pending) => Promise<T>): Promise<T | undefined> {
    const head = this.#parts.store.ofReview(review);
    if (head === undefined) return undefined;
    return await this.#parts.spaces.alone(head.id, async () => {
      const pending = await this.#pending(review);
      return pending === undefined ? undefined : await work(pending);
    });
  }

  /** Takes entries out as a change set of their own. When they are all there is, the set takes over the review's id. */
  async #cut(
    { head, roots, entries, paths }: Pending,
    chosen: readonly ChangeEntry[],
    decision: Pick<CutChangeSet, "state" | "by" | "message"> & { readonly kind: CommitKind },
  ): Promise<ChangeSet | undefined> {
    const { store, sets, now } = this.#parts;
    const isAll = chosen.length === entries.length;
    const id = isAll ? head.review : randomUUID();
    const manifest: Manifest = {
      ...this.#makerOf(head, chosen),
      agent: head.agent,
      ...(await withRootsInUse(roots, chosen)),
    };
    const kept = await sets.keep(manifest);
    const set: CutChangeSet = {
      ...{ id, manifest: kept, createdAt: head.beganAt, expiresAt: head.expiresAt },
      ...{ decidedAt: now(), state: decision.state, by: decision.by, message: decision.message },
    };
    const cut = isAll ? paths : await hostPathsOf({ paths, entries }, chosen);
    const isTaken = decision.kind === "cut";
    if (isTaken && !(await store.take(head.id, id, cut, now()))) return void (await sets.drop(kept));
    const changes = new Map<ByteString, undefined>();
    if (!isTaken) await inSlices(cut, (path) => changes.set(path, undefined));
    const next = await this.#commit(head, decision.kind, changes, id, {
      review: isAll ? randomUUID() : head.review,
      also: () => sets.addDecided(set),
    });
    if (next !== undefined) return await sets.get(id);
    // Another process may have decided about all of it under the same id: as long as that is on its way to the host, the marks are its own.
    if (isTaken && !isUnderWay(sets.summary(id)?.state)) await store.release(id);
    await sets.drop(kept);
    return undefined;
  }

  /** The decision, undefined when it is no review of a workspace (any more): `work` gives none when another process was faster. */
  async #decide<T>(review: string, work: (pending: Pending) => Promise<T | undefined>): Promise<T | Stale | undefined> {
    const { store, spaces } = this.#parts;
    const head = store.ofReview(review);
    if (head === undefined) return undefined;
    return await spaces.alone(head.id, async () => {
      const pending = await this.#pending(review);
      if (pending === undefined && !store.takes(review)) return undefined;
      return (pending && (await work(pending))) ?? (await this.#overtaken(review, pending?.head ?? head));
    });
  }

  /**
   * What another process decided about all of this is no review of a workspace any more, and tells more than a new hash; it may be
   * in the middle of that.
   */
  async #overtaken(review: string, { id, hash }: SpaceHead): Promise<Stale | undefined> {
    const { store, sets } = this.#parts;
    const endMs = performance.now() + OVERTAKEN_MS_MAX;
    while (performance.now() < endMs && sets.summary(review) === undefined && store.get(id).hash === hash)
      await sleep(LOOK_EVERY_MS);
    return sets.summary(review) === undefined ? { status: "stale", hash: store.get(id).hash } : undefined;
  }

  /** The call that changed all of it, or else the last one that changed something. */
  #makerOf({ id, last }: SpaceHead, chosen: readonly ChangeEntry[]): SpaceHead["last"] {
    const by = chosen[0]?.by;
    const isOne = by !== undefined && chosen.every((entry) => entry.by?.runId === by.runId);
    return isOne ? { ...by, command: this.#parts.store.commandOf(id, by.runId) } : last;
  }

  async #commit(
    head: SpaceHead,
    kind: CommitKind,
    changes: Changes,
    note: string,
    { review = head.review, also }: { readonly review?: string; readonly also?: () => void } = {},
  ): Promise<SpaceHead | undefined> {
    const { store, spaces, now } = this.#parts;
    const counted = await spaces.headWith(head, changes);
    return await store.commit(head, {
      ...{ kind, changes, note, at: now(), head: { ...head, ...counted, review } },
      ...(also && { also }),
    });
  }
}

/** Agreed to, and not on the host yet: what it took is marked until then. */
function isUnderWay(state: string | undefined): boolean {
  return state === "approved" || state === "applying";
}

function summaryOf(head: SpaceHead, entryCount: number): Omit<SpaceReview, "entries" | "conflicts" | "roots"> {
  const { id: spaceId, version, review: id, hash, agent, last, beganAt: createdAt, expiresAt } = head;
  return { ...last, ...{ id, hash, state: "pending", agent, entryCount, createdAt, expiresAt, spaceId, version } };
}
