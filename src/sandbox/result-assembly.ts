import { type ByteString, bytesOf } from "../base/byte-string.ts";
import { atOnce, mapInSteps } from "../base/pace.ts";
import type { EgressRecord } from "../egress/index.ts";
import type { Layer } from "../vmm/index.ts";
import type { ResultReply, WireChange, WireDiagnostics, WireEnding, WireRead } from "./cell/protocol.ts";
import type { Places } from "./cell/reply/places.ts";
import { isolationInForce } from "./isolation.ts";
import {
  type CallStats,
  type ChangedFile,
  type Diagnostics,
  makeResult,
  type ReadFile,
  type RunEnding,
  type RunResult,
} from "./result.ts";
import { extentBytes, fromSparse } from "./sparse.ts";

/** When the call was made and when it had a cell, on the clock of both processes, in microseconds. */
export interface CallTimes {
  readonly calledUs: number;
  readonly acquiredUs: number;
  readonly repliedUs: number;
  /** Of the template that the cell was loaded with. */
  readonly templateKey: string | undefined;
  /** Walls that its process was launched with. */
  readonly layers: ReadonlySet<Layer>;
  /** What its gate has seen, and sees until it is closed. */
  readonly egress: readonly EgressRecord[];
}

/** A cell's answer, which was checked, as the caller gets it. */
export function assembleResult(reply: ResultReply, body: Uint8Array, places: Places, times: CallTimes): RunResult {
  return atOnce(assemble(reply, body, places, times));
}

/** The same in steps. */
export function* assemble(
  reply: ResultReply,
  body: Uint8Array,
  places: Places,
  times: CallTimes,
): Generator<void, RunResult> {
  const stderrEnd = reply.stdoutBytes + reply.stderrBytes;
  return makeResult(toEnding(reply.ending), {
    stdout: body.subarray(0, reply.stdoutBytes),
    stderr: body.subarray(reply.stdoutBytes, stderrEnd),
    timingsMs: {
      queue: (times.acquiredUs - times.calledUs) / 1000,
      start: (reply.startedUs - times.calledUs) / 1000,
      run: reply.runMs,
      rollback: reply.rollbackMs,
      total: (times.repliedUs - times.calledUs) / 1000,
    },
    reads: yield* mapInSteps(reply.reads, (read) => toRead(read, places)),
    changes: yield* toChanges(reply.changes, body.subarray(stderrEnd)),
    diagnostics: toDiagnostics(reply.diagnostics),
    templateKey: times.templateKey,
    isolation: isolationInForce(times.layers),
    egress: times.egress,
  });
}

function toEnding(ending: WireEnding): RunEnding {
  switch (ending.kind) {
    case "exited":
      return ending.code === 0 ? { status: "ok", exitCode: 0 } : { status: "failed", exitCode: ending.code };
    case "signaled":
      return { status: "signaled", exitCode: 128 + ending.number, signal: ending.signal, signalNumber: ending.number };
    case "limit":
      return { status: "limit", exitCode: null, limit: ending.limit };
    case "cancelled":
      return { status: "cancelled", exitCode: null };
    case "error":
      return { status: "error", exitCode: null, error: { code: ending.code, message: ending.message } };
  }
}

const decoder = new TextDecoder();

/** Names are bytes on Linux. As text, what is not UTF-8 shows as U+FFFD; then the bytes are kept beside it. */
function toText(byteString: ByteString): { text: string; bytes: Uint8Array | undefined } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is the same in both forms.
  if (/^[\x00-\x7f]*$/.test(byteString)) return { text: byteString, bytes: undefined };
  const bytes = bytesOf(byteString);
  const text = decoder.decode(bytes);
  return { text, bytes: Buffer.from(text, "utf8").equals(bytes) ? undefined : new Uint8Array(bytes) };
}

function toDiagnostics({ vanished, counts, faults, switches, ...others }: WireDiagnostics): Diagnostics {
  return {
    ...others,
    ...(vanished && { vanished: { ...vanished, paths: vanished.paths.map((path) => toText(path).text) } }),
    ...(counts && { stats: { calls: toCounts(counts), faults: faults ?? 0, switches: switches ?? 0 } }),
  };
}

function toCounts(counts: NonNullable<WireDiagnostics["counts"]>): CallStats["calls"] {
  const named = Object.entries(counts).map(([name, [count, errors, timeMs]]) => [name, { count, errors, timeMs }]);
  return Object.fromEntries(named) as CallStats["calls"];
}

function toRead({ path, ...read }: WireRead, places: Places): ReadFile {
  return { path: toText(path).text, hostPath: places.hostPathOf(path), ...read };
}

/** A name and, where its text is not exact, its bytes beside it. */
function named(
  member: "renamedFrom" | "linkOf" | "symlinkTarget",
  value: ByteString | undefined,
): Partial<ChangedFile> {
  if (value === undefined) return {};
  const { text, bytes } = toText(value);
  return { [member]: text, ...(bytes && { [`${member}Bytes`]: bytes }) };
}

function* toChanges(changes: readonly WireChange[], contents: Uint8Array): Generator<void, ChangedFile[]> {
  const sent: (Content | undefined)[] = [];
  let at = 0;
  return yield* mapInSteps(changes, ({ extents, contentOf, ...change }) => {
    const { text, bytes } = toText(change.path);
    const length = extents === undefined ? 0 : extentBytes(extents);
    const own = extents && contentOfExtents(change.sizeBytes ?? 0, extents, contents.subarray(at, at + length));
    at += length;
    sent.push(own);
    return withContent(own ?? (contentOf === undefined ? undefined : sent[contentOf]), {
      ...change,
      path: text,
      ...(bytes && { pathBytes: bytes }),
      ...named("renamedFrom", change.renamedFrom),
      ...named("linkOf", change.linkOf),
      ...named("symlinkTarget", change.symlinkTarget),
    });
  });
}

type Content = () => Uint8Array;

/** Holes are filled in when somebody asks for the content, and kept then. */
function contentOfExtents(sizeBytes: number, extents: readonly number[], data: Uint8Array): Content {
  let content: Uint8Array | undefined;
  return () => {
    content ??= fromSparse(sizeBytes, extents, data);
    return content;
  };
}

function withContent(content: Content | undefined, change: ChangedFile): ChangedFile {
  if (content === undefined) return change;
  return {
    ...change,
    get content(): Uint8Array {
      return content();
    },
  };
}
