import type { ByteString } from "../../base/byte-string.ts";
import { LinuxError } from "../errno.ts";
import type { HashCache } from "./hash-cache.ts";
import type { LowerFile } from "./lower-inode.ts";
import { ReadRanges } from "./read-ranges.ts";

/** A file of the host, or of a layer over it, whose content the guest read. */
export interface FileRead {
  /** Where the guest saw it. */
  readonly path: ByteString;
  readonly hostPath: string;
  readonly sizeBytes: number;
  /** Device, inode, size and times of the file: the same key means the same content. */
  readonly contentKey: string;
  /** Hash of the content: of all of it, or of the `parts`. Absent when `unhashed` says why. */
  readonly sha256: string | undefined;
  /** For a large file that was not read completely: offset and length, in turn, of what was, in whole pages or more. */
  readonly parts?: readonly number[];
  /** The file could not be read any more, or hashing would have held up the result. */
  readonly unhashed?: "unreadable" | "out-of-time";
  /** True when the host changed the file during the run, so the guest may have seen another content than was hashed. */
  readonly changedDuringRun: boolean;
  /** The content was a layer's: the host may have another, or no such file. */
  readonly fromLayer?: true;
}

/**
 * Files up to this size are hashed whole, whatever was read of them: a few milliseconds. From larger ones a byte is not to
 * cost more than the reading of it did.
 */
export const WHOLE_BYTES_MAX = 4 * 1024 * 1024;

/** The read set of one run. */
export class ReadRecorder {
  /** With what was read of each, for the large ones. */
  readonly #files = new Map<LowerFile, ReadRanges | undefined>();
  readonly #hashes: HashCache;

  constructor(hashes: HashCache) {
    this.#hashes = hashes;
  }

  /** The guest reads of this file; returns where to note which parts, if that matters. */
  note(file: LowerFile): ReadRanges | undefined {
    // A layer knows the hash of the whole.
    const ranges = !file.isFromLayer && file.stat().sizeBytes > WHOLE_BYTES_MAX ? new ReadRanges() : undefined;
    this.#files.set(file, ranges);
    return ranges;
  }

  /** The host's paths of all files read so far. */
  hostPaths(): string[] {
    return [...this.#files.keys()].map((file) => file.tree.hostPathOf(file.path)).sort();
  }

  /** Every file read so far, sorted by guest path. Hashing happens here, not while the guest runs. */
  collect(): FileRead[] {
    const reads = [...this.#files].map(([file, ranges]) => ({
      file,
      ranges,
      path: file.tree.guestPathOf(file.path),
    }));
    reads.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return reads.map(({ file, ranges, path }) => ({
      path,
      hostPath: file.tree.hostPathOf(file.path),
      sizeBytes: file.stat().sizeBytes,
      contentKey: file.contentKey(),
      ...this.#hash(file, partsOf(file, ranges)),
      ...(file.isFromLayer && { fromLayer: true as const }),
    }));
  }

  #hash(
    file: LowerFile,
    parts: readonly number[] | undefined,
  ): Pick<FileRead, "sha256" | "parts" | "unhashed" | "changedDuringRun"> {
    try {
      const { sha256, isStale } = file.contentHash(this.#hashes, parts);
      if (sha256 === undefined) return { sha256, unhashed: "out-of-time", changedDuringRun: isStale };
      return { sha256, ...(parts && { parts }), changedDuringRun: isStale };
    } catch (error) {
      if (error instanceof LinuxError) return { sha256: undefined, unhashed: "unreadable", changedDuringRun: true };
      throw error;
    }
  }
}

/** Undefined when all of the file is to be hashed. */
function partsOf(file: LowerFile, ranges: ReadRanges | undefined): readonly number[] | undefined {
  const { sizeBytes } = file.stat();
  const parts = ranges?.parts(sizeBytes);
  return parts !== undefined && parts[0] === 0 && parts[1] === sizeBytes ? undefined : parts;
}
