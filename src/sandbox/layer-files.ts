import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { type Layer, SEGMENT_BYTES_MAX, SEGMENTS_MAX } from "../base/layer/index.ts";
import { errorCode } from "../base/system-error.ts";
import { ZtlError } from "../errors.ts";
import type { WireLayer } from "./cell/protocol.ts";
import type { Places } from "./cell/reply/places.ts";

/** A layer on its way to a cell. */
export interface OpenLayer {
  readonly wire: WireLayer;
  /** Descriptors, to be closed by {@link closeFiles}. */
  readonly files: readonly number[];
}

/** @throws ZtlError `layer-missing` when one of its files is not there, `layer-invalid` for what is no layer. */
export function openLayer({ segments, root }: Layer, places: Places): OpenLayer {
  if (segments.length === 0 || segments.length > SEGMENTS_MAX)
    throw new ZtlError("layer-invalid", `A layer has 1 to ${SEGMENTS_MAX} segments, and this one ${segments.length}`);
  const files: number[] = [];
  try {
    const segmentBytes = segments.map((segment) => {
      const file = openSegment(segment);
      files.push(file);
      return sizeOf(file, String(segment));
    });
    return { wire: { segmentBytes, root, realPaths: places.realPaths() }, files };
  } catch (error) {
    closeFiles(files);
    throw error;
  }
}

export function closeFiles(files: readonly number[]): void {
  for (const file of files) closeSync(file);
}

function openSegment(segment: string | number): number {
  // A descriptor is opened once more (proc_pid_fd(5)): the cell must not get one that its owner can write through.
  const path = typeof segment === "string" ? segment : `/proc/self/fd/${segment}`;
  const noLink = typeof segment === "string" ? constants.O_NOFOLLOW : 0;
  try {
    // O_NONBLOCK: a pipe in its place must not hang us before the check that follows.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | noLink);
  } catch (error) {
    throw new ZtlError(
      "layer-missing",
      `A file with earlier changes cannot be opened: ${path} (${errorCode(error) ?? "unknown"})`,
      { path },
      { cause: error },
    );
  }
}

function sizeOf(file: number, path: string): number {
  const status = fstatSync(file);
  if (status.isFile() && status.size <= SEGMENT_BYTES_MAX) return status.size;
  throw new ZtlError("layer-invalid", `No file of a layer: ${path}`, { path });
}
