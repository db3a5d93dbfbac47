import { ZtlError } from "../../errors.ts";
import type { ByteString } from "../byte-string.ts";
import {
  type Attributes,
  type Extent,
  type FileContent,
  type LayerNode,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENTS_MAX,
  TABLE_BYTES_MAX,
} from "./layer.ts";
import { otherWork, ROWS_AT_ONCE } from "./slices.ts";

/*
 * The table of one directory, little endian, at a multiple of 64 bytes in its segment:
 *
 *     64 bytes  head: magic u32, number of records u32, how many of them are directories u32, zeros
 *     64 bytes  for each name a record, in ascending order of the names' bytes
 *     the rest  names, each followed by what belongs to it: the SHA-256 of a file's content, the target of a link
 *
 *     record:  0 u32 position of the name in the table      24 i64 mtime in nanoseconds
 *              4 u16 bytes of the name                      32 u32 segment   of a file's content, or
 *              6 u8  type                                   36 u32 names of the file
 *              7 u8  marks                                  40 u64 offset    of a directory's table
 *              8 u32 mode                                   48 u64 bytes     (of a link: of its target, in the table)
 *             12 u32 uid   16 u32 gid   20 u32 link group   56 u64 zeros
 *
 * A record is found by its place, so looking up one name reads a few records and not the table.
 */
export const TABLE_ALIGNMENT = 64;
const RECORD_BYTES = 64;
/** "ZTLd" */
const MAGIC = 0x644c545a;
const TYPES = ["absent", "file", "directory", "symlink"] as const;
const Mark = { attributes: 1, opaque: 2, hostContent: 4 } as const;
const SHA256_BYTES = 32;
const MODE_MAX = 0o7777;

/** A name of a directory with its node; for a directory also the table of what the layer has in it, if anything. */
export interface TableRow {
  readonly name: ByteString;
  readonly node: LayerNode;
  readonly table?: Extent | undefined;
  /** A number that no other file of the layer has, below 2^47; names of one file share it. */
  readonly number: number;
}

export type NewRow = Omit<TableRow, "number">;

/** The bytes of one table. The rows are to be in ascending order of their names, which are byte strings. */
export async function encodeTable(rows: readonly NewRow[]): Promise<Uint8Array<ArrayBuffer>> {
  const heapBytes = rows.reduce((sum, { name, node }) => sum + name.length + extraBytes(node), 0);
  const headBytes = RECORD_BYTES * (rows.length + 1);
  if (headBytes + heapBytes > TABLE_BYTES_MAX) invalid("a directory has more names than a table can hold");
  const table = Buffer.from(new ArrayBuffer(headBytes + heapBytes));
  table.writeUInt32LE(MAGIC, 0);
  table.writeUInt32LE(rows.length, 4);
  table.writeUInt32LE(rows.filter(({ node }) => node.type === "directory").length, 8);
  let heap = headBytes;
  for (const [index, row] of rows.entries()) {
    if (index > 0 && index % ROWS_AT_ONCE === 0) await otherWork();
    const at = RECORD_BYTES * (index + 1);
    table.writeUInt32LE(heap, at);
    table.writeUInt16LE(row.name.length, at + 4);
    heap += table.write(row.name, heap, "latin1");
    heap += encodeNode(table, at, heap, row);
  }
  return new Uint8Array(table.buffer, 0, table.length);
}

function extraBytes(node: LayerNode): number {
  if (node.type === "symlink") return node.target.length;
  return node.type === "file" && node.content.kind === "kept" ? SHA256_BYTES : 0;
}

/** Returns how many bytes of the heap it took. */
function encodeNode(table: Buffer, at: number, heap: number, { node, table: child }: NewRow): number {
  table.writeUInt8(TYPES.indexOf(node.type), at + 6);
  switch (node.type) {
    case "absent":
      return 0;
    case "directory": {
      const marks = (node.attributes ? Mark.attributes : 0) | (node.isOpaque ? Mark.opaque : 0);
      table.writeUInt8(marks, at + 7);
      if (node.attributes) writeAttributes(table, at, node.attributes);
      if (child !== undefined) writeExtent(table, at, child);
      return 0;
    }
    case "symlink":
      table.writeUInt8(Mark.attributes, at + 7);
      writeAttributes(table, at, { ...node, mode: 0o777 });
      table.writeBigUInt64LE(BigInt(node.target.length), at + 48);
      return table.write(node.target, heap, "latin1");
    case "file":
      table.writeUInt8(Mark.attributes | (node.content.kind === "host" ? Mark.hostContent : 0), at + 7);
      writeAttributes(table, at, node);
      table.writeUInt32LE(node.linkGroup ?? 0, at + 20);
      table.writeUInt32LE(node.links ?? 1, at + 36);
      if (node.content.kind === "host") return 0;
      writeExtent(table, at, node.content);
      return table.write(node.content.sha256, heap, "hex");
  }
}

function writeAttributes(table: Buffer, at: number, { mode, uid, gid, mtimeNs }: Attributes): void {
  table.writeUInt32LE(mode, at + 8);
  table.writeUInt32LE(uid, at + 12);
  table.writeUInt32LE(gid, at + 16);
  table.writeBigInt64LE(BigInt.asIntN(64, mtimeNs), at + 24);
}

function writeExtent(table: Buffer, at: number, { segment, offset, sizeBytes }: Extent): void {
  table.writeUInt32LE(segment, at + 32);
  table.writeBigUInt64LE(BigInt(offset), at + 40);
  table.writeBigUInt64LE(BigInt(sizeBytes), at + 48);
}

/** One table as it was read. It was written by us and holds what guests chose: every record is checked when it is used. */
export class Table {
  readonly #bytes: Buffer;
  readonly #place: Extent;
  readonly #segmentBytes: readonly number[];
  readonly size: number;
  /** How many of the rows are directories. */
  readonly directories: number;

  /**
   * @param place where the bytes were
   * @param segmentBytes the sizes of all segments
   * @throws ZtlError `layer-invalid`, as all methods
   */
  constructor(bytes: Uint8Array, place: Extent, segmentBytes: readonly number[]) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#place = place;
    this.#segmentBytes = segmentBytes;
    if (bytes.length < RECORD_BYTES || this.#bytes.readUInt32LE(0) !== MAGIC) invalid("a table has another beginning");
    this.size = this.#bytes.readUInt32LE(4);
    this.directories = this.#bytes.readUInt32LE(8);
    if (RECORD_BYTES * (this.size + 1) > bytes.length) invalid("a table has more records than bytes");
    if (this.directories > this.size) invalid("a table has more directories than names");
  }

  get(name: string): TableRow | undefined {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#nameAt(middle);
      if (found === name) return this.at(middle);
      if (found < name) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** All rows in order; names that are not in ascending order are refused on the way. */
  *rows(): Iterable<TableRow> {
    let before = "";
    for (let index = 0; index < this.size; index++) {
      const row = this.at(index);
      if (row.name <= before) invalid("names of a table are not in order");
      before = row.name;
      yield row;
    }
  }

  at(index: number): TableRow {
    const at = RECORD_BYTES * (index + 1);
    const name = this.#nameAt(index);
    const node = this.#nodeAt(at, name);
    const table = node.type === "directory" ? this.#childAt(at) : undefined;
    const group = node.type === "file" ? (node.linkGroup ?? 0) : 0;
    return { name, node, table, number: group > 0 ? 2 ** 46 + group : this.#placeNumber(at) };
  }

  /** Records are all 64 bytes apart, so the place of one among all segments is a number of 40 bits. */
  #placeNumber(at: number): number {
    const { segment, offset } = this.#place;
    return segment * (SEGMENT_BYTES_MAX / RECORD_BYTES) + (offset + at) / RECORD_BYTES;
  }

  #nameAt(index: number): ByteString {
    const at = RECORD_BYTES * (index + 1);
    const start = this.#bytes.readUInt32LE(at);
    const length = this.#bytes.readUInt16LE(at + 4);
    const name = this.#heap(start, length, NAME_BYTES_MAX);
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) invalid("a name is no name of a file");
    return name;
  }

  #heap(start: number, length: number, max: number): ByteString {
    if (length > max || start < RECORD_BYTES * (this.size + 1) || start + length > this.#bytes.length)
      invalid("a name reaches beyond its table");
    return this.#bytes.toString("latin1", start, start + length) as ByteString;
  }

  #nodeAt(at: number, name: string): LayerNode {
    const type = TYPES[this.#bytes.readUInt8(at + 6)] ?? invalid("a node is of no type there is");
    const marks = this.#bytes.readUInt8(at + 7);
    switch (type) {
      case "absent":
        return { type };
      case "directory": {
        const attributes = (marks & Mark.attributes) !== 0 ? this.#attributesAt(at) : undefined;
        return { type, isOpaque: (marks & Mark.opaque) !== 0, ...(attributes && { attributes }) };
      }
      case "symlink": {
        const { mode: _, ...attributes } = this.#attributesAt(at);
        const length = this.#number(at + 48);
        return { type, ...attributes, target: this.#target(this.#extraOf(at, name), length) };
      }
      case "file":
        return {
          type,
          ...this.#attributesAt(at),
          content: (marks & Mark.hostContent) !== 0 ? { kind: "host" } : this.#contentAt(at, name),
          linkGroup: this.#bytes.readUInt32LE(at + 20),
          links: this.#bytes.readUInt32LE(at + 36),
        };
    }
  }

  #extraOf(at: number, name: string): number {
    return this.#bytes.readUInt32LE(at) + name.length;
  }

  #target(start: number, length: number): ByteString {
    const target = this.#heap(start, length, PATH_BYTES_MAX);
    return target === "" || target.includes("\0") ? invalid("a link leads nowhere") : target;
  }

  #contentAt(at: number, name: string): FileContent {
    const sha256 = Buffer.from(this.#heap(this.#extraOf(at, name), SHA256_BYTES, SHA256_BYTES), "latin1");
    return { kind: "kept", ...this.#extentAt(at), sha256: sha256.toString("hex") };
  }

  #attributesAt(at: number): Attributes {
    const mode = this.#bytes.readUInt32LE(at + 8);
    if (mode > MODE_MAX) invalid("a mode has other bits than a mode has");
    return {
      mode,
      uid: this.#bytes.readUInt32LE(at + 12),
      gid: this.#bytes.readUInt32LE(at + 16),
      mtimeNs: this.#bytes.readBigInt64LE(at + 24),
    };
  }

  /** A table lies before the one that leads to it, so no way through a layer comes back to where it was. */
  #childAt(at: number): Extent | undefined {
    const child = this.#extentAt(at);
    if (child.sizeBytes === 0) return undefined;
    const { segment, offset } = this.#place;
    if (child.segment > segment || (child.segment === segment && child.offset >= offset))
      invalid("a table lies behind the one that leads to it");
    return child;
  }

  #extentAt(at: number): Extent {
    const extent = {
      segment: this.#bytes.readUInt32LE(at + 32),
      offset: this.#number(at + 40),
      sizeBytes: this.#number(at + 48),
    };
    checkExtent(extent, this.#segmentBytes);
    return extent;
  }

  #number(at: number): number {
    const value = this.#bytes.readUInt32LE(at + 4) * 2 ** 32 + this.#bytes.readUInt32LE(at);
    return value <= SEGMENT_BYTES_MAX ? value : invalid("a number is beyond all bounds");
  }
}

/** @throws ZtlError `layer-invalid` for a piece that the segments do not have. */
export function checkExtent({ segment, offset, sizeBytes }: Extent, segmentBytes: readonly number[]): void {
  const whole = [segment, offset, sizeBytes].every((value) => Number.isSafeInteger(value) && value >= 0);
  const limit = segmentBytes[segment];
  if (!whole || segment >= SEGMENTS_MAX || limit === undefined || offset + sizeBytes > limit)
    invalid("it points beyond its segments");
}

/** The same for the place of a table. */
export function checkTablePlace(place: Extent, segmentBytes: readonly number[]): void {
  checkExtent(place, segmentBytes);
  if (place.sizeBytes > TABLE_BYTES_MAX || place.offset % TABLE_ALIGNMENT !== 0)
    invalid("a table is nowhere a table is");
}

export function invalid(reason: string): never {
  throw new ZtlError("layer-invalid", `The layer of earlier changes cannot be read: ${reason}`);
}
