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
 * What a run changed and read. Nothing is taken that its result cannot carry.
 * Throws LimitReached `overlay` for contents that are more than the run may write, and `names` for more names, or longer
 * ones, than a result has room for.
 */
export function collect(kernel: Kernel, overlayBytes: number): Collected {
  const parcel = new Parcel(overlayBytes);
  const changes = kernel.collectChanges().map((change) => parcel.change(change));
  const reads = kernel.collectReads().map((read) => parcel.read(read));
  return { changes, reads, contents: parcel.contents };
}

class Parcel {
  readonly contents: Uint8Array[] = [];
  /** Index of the change with this content: links to one file, and copies, are sent once. */
  readonly #sent = new Map<string, number>();
  #headerBytes = RESULT_HEADER_BYTES;
  #contentBytes: number;
  #index = 0;

  constructor(overlayBytes: number) {
    this.#contentBytes = overlayBytes;
  }

  change({ content: _, read, ...facts }: Change): WireChange {
    const index = this.#index++;
    const { path, symlinkTarget = "", renamedFrom = "", linkOf = "", newSha256 } = facts;
    this.#takeHeader(
      CHANGE_BYTES + [path, symlinkTarget, renamedFrom, linkOf].reduce((sum, name) => sum + jsonBytes(name), 0),
    );
    if (read === undefined || newSha256 === undefined) return facts;
    const contentOf = this.#sent.get(newSha256);
    if (contentOf !== undefined) return { ...facts, contentOf };
    this.#sent.set(newSha256, index);
    return { ...facts, extents: this.#content(facts.sizeBytes ?? 0, read) };
  }

  read({ hostPath: _, contentKey: _key, ...read }: FileRead): WireRead {
    this.#takeHeader(READ_BYTES + jsonBytes(read.path) + ((read.parts?.length ?? 0) / 2) * EXTENT_BYTES);
    return read;
  }

  #content(sizeBytes: number, read: NonNullable<Change["read"]>): readonly number[] {
    this.#contentBytes -= sizeBytes;
    if (this.#contentBytes < 0) throw new LimitReached("overlay");
    const { extents, data } = toSparse(sizeBytes, (position, lengthBytes) => {
      const piece = new Uint8Array(lengthBytes);
      for (let at = 0, bytes = 1; bytes > 0 && at < lengthBytes; at += bytes)
        bytes = read(piece.subarray(at), position + at);
      return piece;
    });
    this.#takeHeader((extents.length / 2) * EXTENT_BYTES);
    this.contents.push(...data);
    return extents;
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
