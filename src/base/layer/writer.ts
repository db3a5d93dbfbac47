import { randomUUID } from "node:crypto";
import { sha256Stream } from "../sha256.ts";
import { type FileContent, type Layer, type LayerEntry, SEGMENTS_MAX } from "./layer.ts";
import { LayerTree } from "./layer-tree.ts";
import { SegmentFile } from "./segment-file.ts";
import { otherWork, ROWS_AT_ONCE } from "./slices.ts";
import { invalid } from "./table.ts";

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
  readonly #segment: SegmentFile;
  readonly #earlier: Layer["segments"];

  private constructor(path: string, segment: SegmentFile, earlier: Layer["segments"]) {
    this.#path = path;
    this.#segment = segment;
    this.#earlier = earlier;
  }

  /**
   * @param path of the new segment; there must be nothing yet
   * @param earlier segments that entries may point to, in their order; at most {@link SEGMENTS_MAX} - 1
   */
  static async create(path: string, earlier: Layer["segments"] = []): Promise<LayerWriter> {
    if (earlier.length >= SEGMENTS_MAX) invalid("it has too many segments");
    return new LayerWriter(path, await SegmentFile.create(path, earlier.length), earlier);
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#segment.sizeBytes;
  }

  /** Keeps a file's content, given whole or piece by piece. */
  async addContent(
    content: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<Extract<FileContent, { kind: "kept" }>> {
    const { index, sizeBytes: offset } = this.#segment;
    const hash = sha256Stream();
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      hash.update(piece);
      await this.#segment.append(piece);
    }
    const sizeBytes = this.#segment.sizeBytes - offset;
    return { kind: "kept", segment: index, offset, sizeBytes, sha256: hash.digest("hex") };
  }

  /**
   * Writes the tree and ends. The entries come in any order, each path once.
   * @throws ZtlError `layer-invalid` for a tree that cannot be: something below a file, a path twice or not normalised.
   */
  async finish(entries: Iterable<LayerEntry>): Promise<Layer> {
    try {
      const root = await (await treeOf(entries)).write(this.#segment);
      await this.#segment.flush();
      return { id: randomUUID(), segments: [...this.#earlier, this.#path], root };
    } finally {
      await this.#segment.close();
    }
  }

  /** Gives up: the file stays, for the caller to remove. */
  async abandon(): Promise<void> {
    await this.#segment.close();
  }
}

async function treeOf(entries: Iterable<LayerEntry>): Promise<LayerTree> {
  const tree = new LayerTree();
  const leaves: string[] = [];
  let count = 0;
  for (const { path, node } of entries) {
    if (tree.get(path) !== undefined) invalid("two entries have the same path");
    tree.set(path, node);
    if (node.type !== "directory") leaves.push(path);
    if (++count % ROWS_AT_ONCE === 0) await otherWork();
  }
  if (leaves.some((path) => tree.hasBelow(path))) invalid("something lies below what is no directory");
  return tree;
}
