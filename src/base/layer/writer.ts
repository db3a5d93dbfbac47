import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { ByteString } from "../byte-string.ts";
import { sha256Stream } from "../sha256.ts";
import {
  type DirectoryNode,
  type Extent,
  type FileContent,
  type Layer,
  type LayerEntry,
  type LayerNode,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENTS_MAX,
} from "./layer.ts";
import { encodeTable, invalid, type NewRow, TABLE_ALIGNMENT } from "./table.ts";

/** Records made at one go: some milliseconds of work, after which others have their turn. */
const ROWS_AT_ONCE = 2000;
/** Tables are written together up to here. */
const BUFFER_BYTES = 1024 * 1024;

/** A directory of the tree that is being made. */
interface Draft {
  node: LayerNode | undefined;
  readonly children: Map<ByteString, Draft>;
}

/**
 * Writes a new layer: one segment file, after those that an earlier layer has and whose contents it goes on using. Contents
 * first, then the tree.
 *
 *     const writer = await LayerWriter.create(path, earlier);
 *     const content = await writer.addContent(bytes);
 *     const layer = await writer.finish([{ path: "/data/a.txt", node: { type: "file", content, mode, uid, gid, mtimeNs } }]);
 */
export class LayerWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #earlier: readonly string[];
  #sizeBytes = 0;

  private constructor(path: string, file: FileHandle, earlier: readonly string[]) {
    this.#path = path;
    this.#file = file;
    this.#earlier = earlier;
  }

  /**
   * @param path of the new segment; there must be nothing yet
   * @param earlier segments that entries may point to, in their order; at most {@link SEGMENTS_MAX} - 1
   */
  static async create(path: string, earlier: readonly string[] = []): Promise<LayerWriter> {
    if (earlier.length >= SEGMENTS_MAX) invalid("it has too many segments");
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    return new LayerWriter(path, file, earlier);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps a file's content, given whole or piece by piece. */
  async addContent(
    content: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<Extract<FileContent, { kind: "kept" }>> {
    const offset = this.#sizeBytes;
    const hash = sha256Stream();
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      hash.update(piece);
      await this.#append(piece);
    }
    const sizeBytes = this.#sizeBytes - offset;
    return { kind: "kept", segment: this.#earlier.length, offset, sizeBytes, sha256: hash.digest("hex") };
  }

  /**
   * Writes the tree and ends. The entries come in any order, each path once.
   * @throws ZtlError `layer-invalid` for a tree that cannot be: something below a file, a path twice or not normalised.
   */
  async finish(entries: Iterable<LayerEntry>): Promise<Layer> {
    try {
      const root = await this.#writeTree(await this.#root(entries));
      await this.#file.datasync();
      return { id: randomUUID(), segments: [...this.#earlier, this.#path], root };
    } finally {
      await this.#file.close();
    }
  }

  /** Gives up: the file stays, for the caller to remove. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async #root(entries: Iterable<LayerEntry>): Promise<Draft> {
    const root: Draft = { node: undefined, children: new Map() };
    let count = 0;
    for (const { path, node } of entries) {
      insert(root, path, node);
      if (++count % ROWS_AT_ONCE === 0) await otherWork();
    }
    return root;
  }

  /** Children before their directory, with a list of our own for a stack: trees may be deeper than that of the language. */
  async #writeTree(root: Draft): Promise<Extent> {
    const places = new Map<Draft, Extent>();
    const tables = new Batch(this.#earlier.length, this.#sizeBytes);
    const stack: { draft: Draft; isOpen: boolean }[] = [{ draft: root, isOpen: false }];
    let rowsSince = 0;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { draft, isOpen } = top;
      if (!isOpen) {
        stack.push({ draft, isOpen: true });
        for (const child of draft.children.values())
          if (child.children.size > 0) stack.push({ draft: child, isOpen: false });
        continue;
      }
      places.set(draft, tables.add(encodeTable(rowsOf(draft, places))));
      rowsSince += draft.children.size;
      if (rowsSince >= ROWS_AT_ONCE || tables.sizeBytes > BUFFER_BYTES) {
        rowsSince = 0;
        for (const piece of tables.take()) await this.#append(piece);
      }
    }
    for (const piece of tables.take()) await this.#append(piece);
    return places.get(root) as Extent;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#sizeBytes + bytes.length > SEGMENT_BYTES_MAX) invalid("a segment cannot be so large");
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#sizeBytes + at);
      at += bytesWritten;
    }
    this.#sizeBytes += bytes.length;
  }
}

/** Tables on their way to the file, each at its place. */
class Batch {
  readonly #segment: number;
  #pieces: Uint8Array[] = [];
  #end: number;
  sizeBytes = 0;

  constructor(segment: number, end: number) {
    this.#segment = segment;
    this.#end = end;
  }

  add(table: Uint8Array): Extent {
    const padding = (TABLE_ALIGNMENT - (this.#end % TABLE_ALIGNMENT)) % TABLE_ALIGNMENT;
    const offset = this.#end + padding;
    this.#pieces.push(new Uint8Array(padding), table);
    this.#end = offset + table.length;
    this.sizeBytes += padding + table.length;
    return { segment: this.#segment, offset, sizeBytes: table.length };
  }

  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.sizeBytes = 0;
    return pieces.length === 0 ? [] : [Buffer.concat(pieces)];
  }
}

/** A directory that only leads to an entry: whatever the host has there. */
const WAY: DirectoryNode = { type: "directory", isOpaque: false };

function rowsOf({ children }: Draft, places: ReadonlyMap<Draft, Extent>): NewRow[] {
  return [...children]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, child]) => ({ name, node: nodeOf(child), table: places.get(child) }));
}

function nodeOf({ node, children }: Draft): LayerNode {
  if (children.size > 0 && node !== undefined && node.type !== "directory")
    invalid("something lies below what is no directory");
  return node ?? WAY;
}

function insert(root: Draft, path: string, node: LayerNode): void {
  const [first, ...names] = path.split("/");
  if (first !== "" || names.length === 0 || path.length > PATH_BYTES_MAX) invalid("a path is not absolute");
  let at = root;
  for (const name of names as ByteString[]) {
    if (!isName(name)) invalid("a path is not normalised");
    let child = at.children.get(name);
    if (child === undefined) {
      child = { node: undefined, children: new Map() };
      at.children.set(name, child);
    }
    at = child;
  }
  if (at.node !== undefined) invalid("two entries have the same path");
  at.node = node;
}

function isName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || name.length > NAME_BYTES_MAX) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names are byte strings that may hold all bytes but null.
  return /^[\x01-\xff]*$/.test(name);
}

async function otherWork(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
