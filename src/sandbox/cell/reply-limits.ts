import type { RunLimits } from "../../linux/limits.ts";
import type { ReplyLimits } from "../reply-reader.ts";

/**
 * Bytes of a result's JSON part: what names, sizes and hashes of its read and change sets come to. A change without its
 * names takes some 350 bytes, so that the 200,000 names a run may make (linux/vfs/budget.ts) fit; JavaScript's longest
 * string is four times as long.
 */
export const RESULT_HEADER_BYTES = 128 * 1024 * 1024;
/** What a result says beside those sets: ending, lengths, times, diagnostics (64 names twice), counts of calls. */
export const RESULT_FACTS_BYTES = 64 * 1024;
/** A JSON text has commas and brackets at least so far apart, in what our own cells send: extents are the densest. */
const BYTES_PER_VALUE = 16;
const BYTES_PER_CONTAINER = 100;
/** Result, list, change, extents. */
const DEPTH = 4;

/** The kernel part of a template: its list of cached pages, some megabytes for a Python with its modules. */
const BUILT_HEADER_BYTES = 64 * 1024 * 1024;
/** An acknowledgement, or a failure with its message. */
const SHORT_HEADER_BYTES = 64 * 1024;

/** What the reply to a run may be, from what the run itself may use. */
export function resultLimits({ outputBytes, overlayBytes }: RunLimits): ReplyLimits {
  return {
    ...withJson(RESULT_HEADER_BYTES + RESULT_FACTS_BYTES, DEPTH),
    bodyBytes: outputBytes + overlayBytes,
  };
}

export const READY_LIMITS: ReplyLimits = { ...withJson(SHORT_HEADER_BYTES, DEPTH), bodyBytes: 0 };

/** Kernel image, process, mappings and their parts; pages are pairs of numbers. */
export const BUILT_LIMITS: ReplyLimits = {
  headerBytes: BUILT_HEADER_BYTES,
  bodyBytes: 0,
  json: { depth: 7, containers: BUILT_HEADER_BYTES / 8, values: BUILT_HEADER_BYTES / 4 },
};

function withJson(headerBytes: number, depth: number): Pick<ReplyLimits, "headerBytes" | "json"> {
  return {
    headerBytes,
    json: {
      depth,
      containers: Math.ceil(headerBytes / BYTES_PER_CONTAINER),
      values: Math.ceil(headerBytes / BYTES_PER_VALUE),
    },
  };
}
