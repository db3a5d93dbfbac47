import type { Allowance } from "../../linux/allowance.ts";
import type { Change, FileRead, Kernel } from "../../linux/index.ts";
import { LimitReached } from "../../linux/limits.ts";
import { toSparse } from "../sparse.ts";
import type { ResultReply, WireChange, WireRead } from "./protocol.ts";
import { RESULT_HEADER_BYTES } from "./reply-limits.ts";

/** A result's sets as they travel. */
export interface Collected extends Pick<ResultReply, "reads" | "changes"> {
  /** What the changes' extents hold, in order. */
  readonly contents: readonly Uint8Array[];
}

export const NOTHING: Collected = { contents: [], reads: [], changes: [] };

/** JSON text of a change or a read beside its names: member names, hashes, numbers. */
const CHANGE_BYTES = 512;
const READ_BYTES = 192;
/** Position and length of one extent, in digits. */
const EXTENT_BYTES = 34;
/**
 * Copies of contents that a cell makes beside the run's memory: of what guests have mapped, which is theirs until the
 * rollback, and of what lies on the host. A quarter of what a cell may have beside it.
 */
const COPIES_BYTES = 64 * 1024 * 1024;

/**
 * What a run changed and read. Nothing is taken that its result cannot carry.
 * Throws LimitReached `overlay` for contents that are more than the run may write, and `names` for more names, or longer
 * ones, than a result has room for; `memory` for contents that it has no room to copy.
 */
export function collect(kernel: Kernel, overlayBytes: number): Collected {
  const parcel = new Parcel(overlayBytes, kernel.allowance);
  const changes = kernel.collectChanges().map((change) => parcel.change(change));
  const reads = kernel.collectReads().map((read) => parcel.read(read));
  return { changes, reads, contents: parcel.contents };
}

class Parcel {
  readonly contents: Uint8Array[] = [];
  /** Index of the change with this content: links to one file, and copies, are sent once. */
  readonly #sent = new Map<string, number>();
  #headerBytes = RESULT_HEADER_BYTES;
  readonly #allowance: Allowance;
  #contentBytes: number;
  #copiesBytes = COPIES_BYTES;
  #index = 0;

  constructor(overlayBytes: number, allowance: Allowance) {
    this.#contentBytes = overlayBytes;
    this.#allowance = allowance;
  }

  change({ content: _, pieces, mtimeNs, ...rest }: Change): WireChange {
    const index = this.#index++;
    const facts = mtimeNs === undefined ? rest : { ...rest, mtimeNs: mtimeNs.toString() };
    const { path, symlinkTarget = "", renamedFrom = "", linkOf = "", newSha256 } = facts;
    this.#takeHeader(
      CHANGE_BYTES + [path, symlinkTarget, renamedFrom, linkOf].reduce((sum, name) => sum + jsonBytes(name), 0),
    );
    if (pieces === undefined || newSha256 === undefined) return facts;
    const contentOf = this.#sent.get(newSha256);
    if (contentOf !== undefined) return { ...facts, contentOf };
    this.#sent.set(newSha256, index);
    return { ...facts, extents: this.#content(facts.sizeBytes ?? 0, pieces) };
  }

  read({ hostPath: _, contentKey: _key, ...read }: FileRead): WireRead {
    this.#takeHeader(READ_BYTES + jsonBytes(read.path) + ((read.parts?.length ?? 0) / 2) * EXTENT_BYTES);
    return read;
  }

  #content(sizeBytes: number, pieces: NonNullable<Change["pieces"]>): readonly number[] {
    this.#contentBytes -= sizeBytes;
    if (this.#contentBytes < 0) throw new LimitReached("overlay");
    const copied = (bytes: number): void => this.#takeCopy(bytes);
    const { extents, data } = toSparse(sizeBytes, (position, length) => pieces(position, length, copied));
    this.#takeHeader((extents.length / 2) * EXTENT_BYTES);
    for (const piece of data) this.contents.push(piece);
    return extents;
  }

  #takeCopy(bytes: number): void {
    this.#copiesBytes -= bytes;
    if (this.#copiesBytes < 0) this.#allowance.charge(bytes);
  }

  #takeHeader(bytes: number): void {
    this.#headerBytes -= bytes;
    if (this.#headerBytes < 0) throw new LimitReached("names");
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the longest escapes are theirs.
const CONTROL = /[\x00-\x1f]/;

/** At most as many bytes as the name has in a JSON text: two for a byte above ASCII, a quote or a backslash. */
function jsonBytes(name: string): number {
  return name.length * (CONTROL.test(name) ? 6 : 2);
}
