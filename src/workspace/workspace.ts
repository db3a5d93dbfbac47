import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { BlobFiles } from "../base/blob-files.ts";
import { versionOf } from "../base/database.ts";
import { HiddenPlaces } from "../base/hidden-places.ts";
import { privateDirectory } from "../base/private-files.ts";
import { terminalLine } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import type { ChangeEntry, ChangeSet, ChangeSetSummary } from "./changes/change-set.ts";
import { makeManifest, type Proposal } from "./changes/proposal.ts";
import { Protection } from "./changes/protection.ts";
import { Housekeeping } from "./housekeeping.ts";
import { EXPIRE_AFTER_MS, FILE_BYTES_MAX, SPACE_LIMITS, type SpaceLimits } from "./limits.ts";
import {
  type ApproveOptions,
  type ApproveResult,
  approveChangeSet,
  decided,
  type RejectResult,
} from "./review/approval.ts";
import { diffEntry, readContent, type Side } from "./review/entry-content.ts";
import type { DiffOptions, FileDiff } from "./review/file-diff.ts";
import { Queue } from "./review/queue.ts";
import { EntryViews } from "./spaces/entry-views.ts";
import { SpaceLayers } from "./spaces/space-layers.ts";
import { SpaceReviews } from "./spaces/space-reviews.ts";
import { SpaceStore } from "./spaces/space-store.ts";
import { Spaces } from "./spaces/spaces.ts";
import { ChangeSets, type ListFilter } from "./state/change-sets.ts";
import { openWorkspaceDatabase, WORKSPACE_REFUSAL } from "./state/database.ts";
import { Journal } from "./state/journal.ts";
import { Turn } from "./state/turn.ts";
import type { Recovered } from "./sync/recovery.ts";
import { Synchroniser, type SyncResult, type UndoResult } from "./sync/synchroniser.ts";

export interface WorkspaceOptions {
  /** The state's place, private and out of every guest's reach; several processes may share it. */
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly expireAfterMs?: number;
  /** What one workspace may hold pending; a bound of its own for tests. */
  readonly spaceLimits?: SpaceLimits;
  /** More patterns like those of protected-paths.ts. */
  readonly protectedPaths?: readonly string[];
  /** More directories in which nothing is changed, beside ztl's own caches and states. */
  readonly hidden?: readonly string[];
}

export interface RejectOptions {
  readonly reviewer: string;
  readonly message?: string;
}

/**
 * Change sets on their way from a run to the host: proposed, looked at, decided, applied as a whole, undone. All methods
 * that take an id throw ZtlError `unknown-change-set` when there is none.
 */
export class Workspace {
  /** What calls have changed and nobody has decided about. */
  readonly spaces: Spaces;
  /** What people are asked about those, and decide. */
  readonly pending: SpaceReviews;
  /** Both, as they stand in line. */
  readonly queue: Queue;
  /** What an earlier process left half done, and what became of it. */
  readonly recovered: readonly Recovered[];
  readonly #untold: Recovered[];
  readonly #database: DatabaseSync;
  readonly #sets: ChangeSets;
  readonly #store: SpaceStore;
  readonly #blobs: BlobFiles;
  readonly #turn: Turn;
  readonly #synchroniser: Synchroniser;
  readonly #layers: SpaceLayers;
  readonly #housekeeping: Housekeeping;
  readonly #protection: Protection;
  readonly #hidden: HiddenPlaces;
  readonly #now: () => number;
  readonly #expireAfterMs: number;
  readonly #warned = new Set<string>();
  readonly #views = new EntryViews();

  private constructor(options: WorkspaceOptions, parts: Parts, recovered: readonly Recovered[]) {
    this.recovered = recovered;
    this.#untold = [...recovered];
    this.#database = parts.database;
    this.#sets = parts.sets;
    this.#store = parts.store;
    this.#blobs = parts.blobs;
    this.#turn = parts.turn;
    this.#synchroniser = parts.synchroniser;
    this.#layers = parts.layers;
    this.#housekeeping = parts.housekeeping;
    this.#hidden = parts.hidden;
    const protection = new Protection(options.protectedPaths ?? []);
    const now = options.now ?? Date.now;
    const expireAfterMs = options.expireAfterMs ?? EXPIRE_AFTER_MS;
    this.#protection = protection;
    this.#now = now;
    this.#expireAfterMs = expireAfterMs;
    this.queue = new Queue(parts.database);
    this.spaces = new Spaces({
      ...{ ...parts, now, expireAfterMs, limits: options.spaceLimits ?? SPACE_LIMITS },
      wrote: (bytes) => parts.housekeeping.wrote(bytes),
    });
    this.pending = new SpaceReviews({ ...parts, spaces: this.spaces, protection, now });
  }

  /** First ends what an interrupted sync or undo had begun, and forgets what is old. */
  static async open(options: WorkspaceOptions): Promise<Workspace> {
    const parts = openParts(options);
    try {
      const recovered = await parts.synchroniser.recover();
      await parts.housekeeping.tidy();
      const workspace = new Workspace(options, parts, recovered);
      await workspace.#settleAll();
      return workspace;
    } catch (error) {
      parts.turn.close();
      parts.database.close();
      throw error;
    }
  }

  /** Keeps what a run would change, and its contents, for a reviewer. Throws ZtlError for what no sandbox reports. */
  async propose(proposal: Proposal): Promise<ChangeSet> {
    const manifest = await makeManifest(proposal, {
      blobs: this.#blobs,
      protection: this.#protection,
      hidden: this.#hidden,
    });
    const kept = await this.#sets.keep(manifest);
    const id = randomUUID();
    const createdAt = this.#now();
    const expiresAt = createdAt + this.#expireAfterMs;
    this.#sets.add({ id, manifest: kept, createdAt, expiresAt, startedFrom: proposal.startedFrom });
    return await this.#whole(id);
  }

  /** What was found half done, since the opening or since the last time this was asked: each is told once. */
  takeRecovered(): readonly Recovered[] {
    return [...this.#untold.splice(0), ...this.#synchroniser.takeRecovered()];
  }

  /**
   * The last sync, undo or redo of a set that nobody has acknowledged. Whoever records what was done does so and then
   * acknowledges; a process that is killed in between leaves it to the next one, in `takeRecovered`.
   */
  untold(id: string): string | undefined {
    return this.#synchroniser.untold(id);
  }

  async acknowledge(attempt: string): Promise<void> {
    await this.#synchroniser.acknowledge(attempt);
  }

  /** Another one whenever anything in the state may be another, whichever process changed it. Costs next to nothing. */
  get stateVersion(): string {
    return versionOf(this.#database);
  }

  async get(id: string): Promise<ChangeSet | undefined> {
    return await this.#sets.get(id);
  }

  /** Where a set stands, without what it is about. */
  find(id: string): ChangeSetSummary | undefined {
    return this.#sets.summary(id);
  }

  /** Newest first; a page of them unless a limit says otherwise. */
  list(filter: ListFilter = {}): ChangeSetSummary[] {
    return this.#sets.list(filter);
  }

  /** Of a change set, or of a workspace's review. Throws ZtlError `unknown-entry`, too. */
  async diff(id: string, path: string, options: DiffOptions = {}): Promise<FileDiff> {
    return await diffEntry(await this.entry(id, path), options, this.#blobs);
  }

  async content(id: string, path: string, side: Side): Promise<Uint8Array | undefined> {
    return await readContent(await this.entry(id, path), side, this.#blobs);
  }

  async approve(id: string, options: ApproveOptions): Promise<ApproveResult> {
    return await approveChangeSet(
      await this.#whole(id),
      options,
      { sets: this.#sets, blobs: this.#blobs },
      this.#now(),
    );
  }

  reject(id: string, { reviewer: by, message }: RejectOptions): RejectResult {
    const at = this.#now();
    if (this.#sets.decide(id, { state: "rejected", at, by, message })) return { status: "rejected" };
    const set = this.#existing(id);
    return set.state === "pending" ? { status: "expired" } : decided(set);
  }

  /** Whether anything is over that nobody has ended yet, by `expire` of this or of what is pending. */
  get hasDue(): boolean {
    const now = this.#now();
    return this.#sets.hasDue(now) || this.#store.expired(now).length > 0;
  }

  /** Ends every pending set whose time is over; returns their ids. */
  expire(): string[] {
    return this.#sets.expire(this.#now());
  }

  /**
   * Brings what was approved to the host: all of it or nothing. A changed file is a new one with the mode and owner that the
   * set says, the time where it says one, and the extended attributes and ACL of the old one. Names that the old one has outside
   * the set keep the old content.
   */
  async sync(id: string): Promise<SyncResult> {
    this.#existing(id);
    const result = await this.#synchroniser.sync(id);
    // What the system refused may be tried again, and is taken until then.
    if (result.status !== "failed") await this.#settleAll();
    return result;
  }

  /** Takes an approval back that was not carried out: what it had taken from a workspace is pending again. */
  async revoke(id: string, { reviewer: by, message }: RejectOptions): Promise<RejectResult> {
    const isRevoked = await this.#synchroniser.between(id, async () => {
      return this.#sets.revoke(id, { at: this.#now(), by, message });
    });
    if (!isRevoked) return decided(this.#existing(id));
    await this.#settleAll();
    return { status: "rejected" };
  }

  /** Brings the host's files back, if they are still what the sync made of them: all of the set's, or these. */
  async undo(id: string, files?: readonly string[]): Promise<UndoResult> {
    this.#existing(id);
    return await this.#synchroniser.undo(id, files);
  }

  /** Applies again what was undone, if the host's files are still what the undo made of them: all of it, or these. */
  async redo(id: string, files?: readonly string[]): Promise<UndoResult> {
    this.#existing(id);
    return await this.#synchroniser.redo(id, files);
  }

  /** Waits for a sync or undo that is under way. */
  async close(): Promise<void> {
    await this.#turn.settled();
    await this.#housekeeping.settled();
    await this.#layers.close();
    this.#turn.close();
    this.#database.close();
  }

  /** What is on the host is there, and every other workspace goes on, whatever keeps one from being settled: told once, it is tried again. */
  async #settleAll(): Promise<void> {
    await this.pending.settleAll((changeSet, error) => {
      if (this.#warned.has(changeSet)) return;
      this.#warned.add(changeSet);
      const why = terminalLine(error instanceof Error ? error.message : String(error));
      process.emitWarning(`What ${changeSet} took from its workspace stays taken: ${why}`, {
        type: "ZtlWorkspaceWarning",
      });
    });
  }

  #existing(id: string): ChangeSetSummary {
    return this.#sets.summary(id) ?? unknown(id);
  }

  async #whole(id: string): Promise<ChangeSet> {
    return (await this.#sets.get(id)) ?? unknown(id);
  }

  /** For looking at it. What it is of a set never changes; of a workspace's review, see there. */
  async entry(id: string, path: string): Promise<ChangeEntry> {
    const entry =
      this.pending.find(id) === undefined
        ? (
            await this.#views.of(id, this.#existing(id).hash, this.#now(), async () => (await this.#whole(id)).entries)
          ).get(path)
        : await this.pending.entry(id, path);
    if (entry !== undefined) return entry;
    throw new ZtlError("unknown-entry", `The change set has no path ${JSON.stringify(path)}`, { id, path });
  }
}

function unknown(id: string): never {
  throw new ZtlError("unknown-change-set", `There is no change set ${JSON.stringify(id)}`, { id });
}

interface Parts {
  readonly database: DatabaseSync;
  readonly sets: ChangeSets;
  readonly store: SpaceStore;
  readonly blobs: BlobFiles;
  readonly layers: SpaceLayers;
  readonly turn: Turn;
  readonly synchroniser: Synchroniser;
  readonly housekeeping: Housekeeping;
  readonly hidden: HiddenPlaces;
}

function openParts(options: WorkspaceOptions): Parts {
  const directory = privateDirectory(options.directory, WORKSPACE_REFUSAL);
  const hidden = HiddenPlaces.ofProduct([directory, ...(options.hidden ?? [])]);
  const blobs = new BlobFiles({
    directory: join(directory, "contents"),
    access: "write",
    bytesMax: FILE_BYTES_MAX,
    refusal: WORKSPACE_REFUSAL,
  });
  const layers = new SpaceLayers(privateDirectory(join(directory, "layers"), WORKSPACE_REFUSAL), blobs);
  const database = openWorkspaceDatabase(directory);
  const sets = new ChangeSets(database);
  const turn = new Turn(directory);
  const synchroniser = new Synchroniser({ sets, journal: new Journal(database), blobs, turn, hidden });
  const store = new SpaceStore(database);
  const housekeeping = new Housekeeping({ database, sets, store, blobs, now: options.now ?? Date.now });
  return { database, sets, store, blobs, layers, turn, synchroniser, housekeeping, hidden };
}
