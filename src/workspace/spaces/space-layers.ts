import { randomUUID } from "node:crypto";
import type { BlobFiles } from "../../base/blob-files.ts";
import type { FileContent, Layer } from "../../base/layer/index.ts";
import { ZtlError } from "../../errors.ts";
import type { FileState } from "../changes/node-state.ts";
import { FILE_BYTES_MAX, LAYER_SLACK_BYTES, LAYER_VERSIONS_KEPT, SPACES_CACHED_MAX } from "../limits.ts";
import { LayerFile } from "./layer-file.ts";
import type { SpaceEntries } from "./space-entries.ts";
import { SpaceTree } from "./space-tree.ts";

export interface LayerInUse {
  /** Undefined when nothing lies over the host's files. */
  readonly layer: Layer | undefined;
  /** To be called when the run has ended. */
  release(): Promise<void>;
}

interface Version {
  readonly spaceId: string;
  readonly version: number;
  readonly entries: SpaceEntries;
}

/**
 * Workspaces as layers for the sandbox. Each has two files, one of contents and one of tables, to which a new version only adds:
 * the contents that no version before it had, and the tables of directories in which something changed.
 */
export class SpaceLayers {
  readonly #directory: string;
  readonly #blobs: BlobFiles;
  /** The ones used last; the oldest goes first. */
  readonly #known = new Map<string, WrittenSpace>();
  /** What writes to the files of a workspace goes one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param directory a private one, for files without names */
  constructor(directory: string, blobs: BlobFiles) {
    this.#directory = directory;
    this.#blobs = blobs;
  }

  /** Throws ZtlError `blob-missing` or `blob-damaged` when a content is not kept any more. */
  async use(view: Version): Promise<LayerInUse> {
    if (view.entries.size === 0) return { layer: undefined, release: async () => {} };
    return await this.#inTurn(view.spaceId, async () => {
      const known = this.#known.get(view.spaceId);
      const space = known?.isWasteful === false ? known : await WrittenSpace.create(this.#directory, this.#blobs);
      if (space !== known) await known?.release();
      this.#known.delete(view.spaceId);
      try {
        const inUse = await space.use(view);
        this.#known.set(view.spaceId, space);
        return inUse;
      } catch (error) {
        // What is in the files, and what in memory, may not belong together any more.
        await space.release();
        throw error;
      } finally {
        await this.#forgetOldest();
      }
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#turns.values());
    for (const space of this.#known.values()) await space.release();
    this.#known.clear();
  }

  async #forgetOldest(): Promise<void> {
    const [oldest] = this.#known;
    if (this.#known.size <= SPACES_CACHED_MAX || oldest === undefined) return;
    this.#known.delete(oldest[0]);
    await oldest[1].release();
  }

  async #inTurn<T>(spaceId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(spaceId) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(spaceId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(spaceId) === turn) this.#turns.delete(spaceId);
    }
  }
}

/** Positions in a layer's list of segments: a directory's table may not come before the segments that it points to. */
const CONTENTS = 0;
const TABLES = 1;

/** One workspace in files. Layers of all its versions that were asked for are in them. */
class WrittenSpace {
  readonly #directory: string;
  readonly #blobs: BlobFiles;
  readonly #tree = new SpaceTree();
  readonly #contents: LayerFile;
  #tables: LayerFile;
  /** What the tables took when all of them were written. */
  #tablesBytes = 0;
  readonly #kept = new Map<string, FileContent>();
  readonly #versions = new Map<number, Layer>();

  private constructor(directory: string, blobs: BlobFiles, contents: LayerFile, tables: LayerFile) {
    this.#directory = directory;
    this.#blobs = blobs;
    this.#contents = contents;
    this.#tables = tables;
  }

  static async create(directory: string, blobs: BlobFiles): Promise<WrittenSpace> {
    const contents = await LayerFile.create(directory, CONTENTS);
    try {
      return new WrittenSpace(directory, blobs, contents, await LayerFile.create(directory, TABLES));
    } catch (error) {
      await contents.release();
      throw error;
    }
  }

  /** More than half of the contents belong to no version that is likely to be asked for. */
  get isWasteful(): boolean {
    return this.#contents.segment.sizeBytes > LAYER_SLACK_BYTES + 2 * this.#tree.liveBytes;
  }

  async use({ version, entries }: Version): Promise<LayerInUse> {
    const layer = this.#versions.get(version) ?? (await this.#write(version, entries));
    const files = [this.#contents, this.#tables];
    for (const file of files) file.hold();
    let isHeld = true;
    return {
      layer,
      release: async () => {
        const held = isHeld ? files : [];
        isHeld = false;
        for (const file of held) await file.release();
      },
    };
  }

  async release(): Promise<void> {
    await this.#contents.release();
    await this.#tables.release();
  }

  async #write(version: number, entries: SpaceEntries): Promise<Layer> {
    await this.#tree.update(entries, (state) => this.#keep(state));
    await this.#contents.segment.flush();
    if (this.#tables.segment.sizeBytes > LAYER_SLACK_BYTES + 2 * this.#tablesBytes) await this.#newTables();
    const root = await this.#tree.tree.write(this.#tables.segment);
    await this.#tables.segment.flush();
    if (this.#tablesBytes === 0) this.#tablesBytes = this.#tables.segment.sizeBytes;
    const segments = [this.#contents.descriptor, this.#tables.descriptor];
    const layer = { id: randomUUID(), segments, root };
    this.#versions.set(version, layer);
    const [oldest] = this.#versions.keys();
    if (this.#versions.size > LAYER_VERSIONS_KEPT && oldest !== undefined) this.#versions.delete(oldest);
    return layer;
  }

  async #newTables(): Promise<void> {
    const tables = await LayerFile.create(this.#directory, TABLES);
    await this.#tables.release();
    this.#tables = tables;
    this.#tablesBytes = 0;
    this.#versions.clear();
    this.#tree.tree.forgetTables();
  }

  async #keep({ sha256, sizeBytes }: FileState): Promise<FileContent> {
    const known = this.#kept.get(sha256);
    if (known !== undefined) return known;
    const bytes = await this.#blobs.get(sha256, FILE_BYTES_MAX);
    if (bytes === undefined || bytes.length !== sizeBytes)
      throw new ZtlError("blob-missing", `The content ${sha256} of the workspace is not kept any more`, { sha256 });
    const { segment } = this.#contents;
    const offset = segment.sizeBytes;
    await segment.append(bytes);
    const content: FileContent = { kind: "kept", segment: CONTENTS, offset, sizeBytes, sha256 };
    this.#kept.set(sha256, content);
    return content;
  }
}
