import { type ByteString, below } from "../../../base/byte-string.ts";
import type { Attributes, Extent, Table, TableRow } from "../../../base/layer/index.ts";
import { HOST_INODE_BYTES, LISTED_BYTES } from "../budget.ts";
import type { HostFile } from "../host-inode.ts";
import type { HostTree } from "../host-tree.ts";
import { type DirectoryEntry, FileType, Inode, type Stat } from "../inode.ts";
import { isLowerDirectory, type LowerDirectory, type LowerInode } from "../lower-inode.ts";
import { LayerAttributesFile, LayerFile, LayerSymlink, type LayerView, layerIno, layerStat } from "./layer-inode.ts";

/** Size Linux shows for a directory of one block. */
const DIRECTORY_BYTES = 4096;

export interface DirectoryParts {
  readonly path: ByteString;
  /** What of the host shows through. */
  readonly base: LowerDirectory | undefined;
  /** Those of `base` when absent. */
  readonly attributes: Attributes;
  /** Where the layer's names in it are, if there are any. */
  readonly table: Extent | undefined;
  readonly number: number;
}

/** A directory that a layer changes, or that leads to one: its names win over those of the host's directory. */
export class LayerDirectory extends Inode implements LowerDirectory {
  override readonly type = FileType.directory;
  readonly tree: HostTree;
  readonly path: ByteString;
  readonly identity: string;
  readonly #view: LayerView;
  readonly #parts: DirectoryParts;
  readonly #children = new Map<string, LowerInode | undefined>();
  #table: Table | undefined;
  #stat: Stat | undefined;
  #entries: readonly DirectoryEntry[] | undefined;

  constructor(view: LayerView, parts: DirectoryParts) {
    super();
    this.tree = view.tree;
    this.path = parts.path;
    this.identity = parts.base?.identity ?? `layer:${parts.number}`;
    this.#view = view;
    this.#parts = parts;
  }

  override get readOnly(): boolean {
    return true;
  }

  override stat(): Stat {
    this.#stat ??= this.#makeStat();
    return this.#stat;
  }

  override lookup(name: string): LowerInode | undefined {
    const known = this.#children.get(name);
    if (known !== undefined || this.#children.has(name)) return known;
    const row = this.#rows()?.get(name);
    if (row === undefined) return this.#parts.base?.lookup(name);
    const found = this.#isExcluded(row.name) ? undefined : this.#inodeOf(row);
    this.#children.set(name, found);
    return found;
  }

  override list(): readonly DirectoryEntry[] {
    this.#entries ??= this.#makeEntries();
    return this.#entries;
  }

  /** Of what the layer does not touch: its own tables are the run's memory from the first look on. */
  foreseeLower(name: string): LowerInode | undefined {
    const isUntouched = this.#parts.table === undefined || (this.#table !== undefined && !this.#table.get(name));
    return isUntouched ? this.#parts.base?.foreseeLower(name) : undefined;
  }

  override foresee(name: string): Stat | undefined {
    const found = this.foreseeLower(name);
    return found === undefined || found.type === FileType.symlink ? undefined : found.stat();
  }

  override foreseeEntries(entriesMax: number): readonly DirectoryEntry[] | undefined {
    const listed = this.#entries;
    if (listed !== undefined) return listed.length > entriesMax ? undefined : listed;
    return this.#parts.table === undefined ? this.#parts.base?.foreseeEntries(entriesMax) : undefined;
  }

  #rows(): Table | undefined {
    const { table } = this.#parts;
    if (table !== undefined) this.#table ??= this.#view.source.table(table);
    return this.#table;
  }

  /** How many subdirectories a merged directory has would take a look at all of them; 1 says that they are not counted. */
  #makeStat(): Stat {
    const { base, attributes, table, number } = this.#parts;
    const { mode, uid, gid, mtimeNs } = attributes;
    if (base === undefined) {
      const nlink = 2 + (this.#rows()?.directories ?? 0);
      return layerStat(this.#view, number, FileType.directory, attributes, { sizeBytes: DIRECTORY_BYTES, nlink });
    }
    const stat = base.stat();
    const nlink = table === undefined ? stat.nlink : 1;
    return { ...stat, mode: FileType.directory | mode, uid, gid, nlink, mtimeNs, atimeNs: mtimeNs };
  }

  #makeEntries(): readonly DirectoryEntry[] {
    const table = this.#rows();
    const base = this.#parts.base?.list() ?? [];
    if (table === undefined) return base;
    this.tree.charge(table.size * LISTED_BYTES);
    const below = new Map(base.map((entry) => [entry.name, entry]));
    const own: DirectoryEntry[] = [];
    for (const row of table.rows()) {
      const entry = this.#entryOf(row, below.get(row.name));
      if (entry !== undefined) own.push(entry);
      below.delete(row.name);
    }
    return [...below.values(), ...own];
  }

  /** Without looking at the file: there may be many. `below` is what the host's listing has of that name. */
  #entryOf({ name, node, number }: TableRow, below: DirectoryEntry | undefined): DirectoryEntry | undefined {
    if (node.type === "absent" || this.#isExcluded(name)) return undefined;
    const ino = layerIno(number);
    switch (node.type) {
      case "symlink":
        return { name, ino, type: FileType.symlink };
      case "file":
        if (node.content.kind === "host" && below?.type !== FileType.regular) return undefined;
        return { name, ino, type: FileType.regular };
      case "directory":
        return !node.isOpaque && below?.type === FileType.directory ? below : { name, ino, type: FileType.directory };
    }
  }

  #inodeOf({ name, node, number, table }: TableRow): LowerInode | undefined {
    const view = this.#view;
    if (node.type === "absent") return undefined;
    const known = view.known.get(number);
    if (known !== undefined) return known;
    const path = this.#pathOf(name);
    const inode = ((): LowerInode | undefined => {
      switch (node.type) {
        case "symlink":
          return new LayerSymlink(view, path, number, node);
        case "file":
          if (node.content.kind === "kept") return new LayerFile(view, path, number, node, node.content);
          return this.#withAttributes(name, (file) => new LayerAttributesFile(view, number, node, file));
        case "directory": {
          const base = node.isOpaque ? undefined : this.#hostDirectory(name);
          const attributes = node.attributes ?? attributesOf(base ?? this.tree.root());
          return new LayerDirectory(view, { path, base, attributes, table, number });
        }
      }
    })();
    if (inode === undefined) return undefined;
    this.tree.charge(HOST_INODE_BYTES);
    view.known.set(number, inode);
    return inode;
  }

  #pathOf(name: ByteString): ByteString {
    return this.path === "." ? name : below(this.path, name);
  }

  /** Another mount of the same directory may show what this one leaves out, and have it changed. */
  #isExcluded(name: ByteString): boolean {
    return this.tree.exclude.covers(this.#pathOf(name));
  }

  #withAttributes<T>(name: ByteString, make: (file: HostFile) => T): T | undefined {
    const lower = this.#parts.base?.lookup(name);
    return lower?.type === FileType.regular ? make(lower as HostFile) : undefined;
  }

  #hostDirectory(name: ByteString): LowerDirectory | undefined {
    const lower = this.#parts.base?.lookup(name);
    return lower !== undefined && isLowerDirectory(lower) ? lower : undefined;
  }
}

export function attributesOf(inode: LowerInode): Attributes {
  const { mode, uid, gid, mtimeNs } = inode.stat();
  return { mode: mode & 0o7777, uid, gid, mtimeNs };
}
