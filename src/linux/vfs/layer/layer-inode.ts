import type { ByteString } from "../../../base/byte-string.ts";
import type { Attributes, Extent, FileNode, SymlinkNode } from "../../../base/layer/index.ts";
import type { HashCache, StateHash } from "../hash-cache.ts";
import type { HostFile } from "../host-inode.ts";
import type { HostTree } from "../host-tree.ts";
import { FileType, Inode, type Stat } from "../inode.ts";
import type { LowerFile, LowerInode } from "../lower-inode.ts";
import type { LayerSource } from "./layer-source.ts";

/** Inode numbers of a layer's own files begin here: above those host file systems give out, below those of new files. */
const FIRST_LAYER_INO = 2 ** 47;

/** One mount's view of a layer, for one run. */
export interface LayerView {
  readonly source: LayerSource;
  readonly tree: HostTree;
  /** Files and links seen so far, by number: names of one file lead to one object. */
  readonly known: Map<number, LowerInode>;
  readonly dev: number;
}

export function layerIno(number: number): number {
  return FIRST_LAYER_INO + number;
}

/** What stat(2) tells of something that a layer has. */
export function layerStat(
  { dev }: LayerView,
  number: number,
  type: number,
  attributes: Attributes,
  rest: { readonly sizeBytes: number; readonly nlink: number },
): Stat {
  const { mode, uid, gid, mtimeNs } = attributes;
  return {
    dev,
    ino: layerIno(number),
    mode: type | mode,
    uid,
    gid,
    rdev: 0,
    ...rest,
    blocks: Math.ceil(rest.sizeBytes / 4096) * 8,
    atimeNs: mtimeNs,
    mtimeNs,
    ctimeNs: mtimeNs,
  };
}

/** A regular file whose content a layer keeps. */
export class LayerFile extends Inode implements LowerFile {
  override readonly type = FileType.regular;
  readonly tree: HostTree;
  readonly path: ByteString;
  readonly identity: string;
  readonly isFromLayer = true;
  readonly #source: LayerSource;
  readonly #content: Extent & { readonly sha256: string };
  readonly #stat: Stat;
  #isNoted = false;

  constructor(view: LayerView, path: ByteString, number: number, node: FileNode, content: Extent & { sha256: string }) {
    super();
    this.tree = view.tree;
    this.path = path;
    this.identity = `layer:${number}`;
    this.#source = view.source;
    this.#content = content;
    const rest = { sizeBytes: content.sizeBytes, nlink: node.links ?? 1 };
    this.#stat = layerStat(view, number, FileType.regular, node, rest);
  }

  override get readOnly(): boolean {
    return true;
  }

  override get tellsSize(): boolean {
    return true;
  }

  override stat(): Stat {
    return this.#stat;
  }

  override read(into: Uint8Array, position: number): number {
    this.noteRead();
    return this.#source.read(this.#content, into, position);
  }

  override noteRead(): void {
    if (this.#isNoted || this.tree.recorder === undefined) return;
    this.#isNoted = true;
    this.tree.recorder.note(this);
  }

  override contentKey(): string {
    const { segment, offset, sizeBytes } = this.#content;
    return `layer:${segment}:${offset}:${sizeBytes}`;
  }

  contentHash(): StateHash {
    return { sha256: this.#content.sha256, isStale: false };
  }
}

/** A file of the host whose attributes are a layer's. */
export class LayerAttributesFile extends Inode implements LowerFile {
  override readonly type = FileType.regular;
  readonly identity: string;
  readonly isFromLayer = false;
  readonly #file: HostFile;
  readonly #stat: Stat;

  constructor(view: LayerView, number: number, node: FileNode, file: HostFile) {
    super();
    this.identity = `layer:${number}`;
    this.#file = file;
    const { sizeBytes, blocks } = file.stat();
    const rest = { sizeBytes, nlink: node.links ?? 1 };
    this.#stat = { ...layerStat(view, number, FileType.regular, node, rest), blocks };
  }

  get tree(): HostTree {
    return this.#file.tree;
  }

  get path(): ByteString {
    return this.#file.path;
  }

  override get readOnly(): boolean {
    return true;
  }

  override get tellsSize(): boolean {
    return true;
  }

  override stat(): Stat {
    return this.#stat;
  }

  override read(into: Uint8Array, position: number): number {
    return this.#file.read(into, position);
  }

  override noteRead(position: number, length: number): void {
    this.#file.noteRead(position, length);
  }

  override contentKey(): string {
    return this.#file.contentKey();
  }

  contentHash(hashes: HashCache, parts?: readonly number[]): StateHash {
    return this.#file.contentHash(hashes, parts);
  }
}

/** A symbolic link that a layer has. */
export class LayerSymlink extends Inode implements LowerInode {
  override readonly type = FileType.symlink;
  readonly tree: HostTree;
  readonly path: ByteString;
  readonly identity: string;
  readonly #target: ByteString;
  readonly #stat: Stat;

  constructor(view: LayerView, path: ByteString, number: number, node: SymlinkNode) {
    super();
    this.tree = view.tree;
    this.path = path;
    this.identity = `layer:${number}`;
    this.#target = node.target;
    const rest = { sizeBytes: node.target.length, nlink: 1 };
    this.#stat = layerStat(view, number, FileType.symlink, { ...node, mode: 0o777 }, rest);
  }

  override get readOnly(): boolean {
    return true;
  }

  override stat(): Stat {
    return this.#stat;
  }

  override readlink(): ByteString {
    return this.#target;
  }
}
