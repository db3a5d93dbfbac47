import { atOnce, mapInSteps } from "../../../base/pace.ts";
import type { LimitName, RunLimits } from "../../../linux/limits.ts";
import { SIGNAL_MAX, signalName } from "../../../linux/signals/signals.ts";
import {
  MESSAGE_UNITS_MAX,
  type ReplyFrame,
  type ResultReply,
  RUN_ERRORS,
  type RunError,
  type RunTrace,
  type WireEnding,
} from "../protocol.ts";
import { changesOf } from "./change.ts";
import { dataBytes, sharedSizes } from "./contents.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { fieldsOf, listOf, misbehaved, numberOf, oneOf, textOf, wholeOf } from "./fields.ts";
import type { Places } from "./places.ts";
import { readOf } from "./read.ts";

/** What the host knows of a run: its reply has to fit that. */
export interface RunFacts {
  readonly limits: Pick<RunLimits, "outputBytes" | "overlayBytes">;
  readonly places: Places;
  /** CLOCK_MONOTONIC in microseconds when it was asked for, and when the reply was there. */
  readonly sentUs: number;
  readonly repliedUs: number;
  readonly wasCancelled: boolean;
  /** It was given a layer of earlier changes. */
  readonly hasLayer?: boolean;
  /** What was to be told of its system calls. */
  readonly trace?: RunTrace | null;
}

const REPLY = new Set([
  "type",
  "ending",
  "stdoutBytes",
  "stderrBytes",
  "startedUs",
  "runMs",
  "rollbackMs",
  "reads",
  "changes",
  "diagnostics",
]);
/** Both clocks are the same, but durations are rounded on the way. */
const ROUNDING_MS = 1;

/** The reply to a run, of which everything is checked. Throws ZtlError `cell-misbehaved`. */
export function resultOf(header: ReplyFrame["header"], body: Uint8Array, facts: RunFacts): ResultReply {
  return atOnce(readResult(header, body, facts));
}

/** The same in steps: it may tell of very many files. */
export function* readResult(
  header: ReplyFrame["header"],
  body: Uint8Array,
  facts: RunFacts,
): Generator<void, ResultReply> {
  const fields = fieldsOf(header, REPLY, "a result");
  if (fields.type !== "result") misbehaved("a run has another kind of reply");
  checkTimings(fields, facts);
  const reply: ResultReply = {
    type: "result",
    ending: endingOf(fields.ending, facts.wasCancelled),
    stdoutBytes: wholeOf(fields.stdoutBytes, facts.limits.outputBytes, "the length of the output"),
    stderrBytes: wholeOf(fields.stderrBytes, facts.limits.outputBytes, "the length of the error output"),
    startedUs: fields.startedUs as number,
    runMs: fields.runMs as number,
    rollbackMs: fields.rollbackMs as number,
    reads: yield* mapInSteps(listOf(fields.reads, "the read set"), (read) =>
      readOf(read, facts.places, facts.hasLayer ?? false),
    ),
    changes: yield* changesOf(fields.changes, facts.places),
    diagnostics: diagnosticsOf(fields.diagnostics, facts.trace),
  };
  checkBody(reply, body, facts);
  return reply;
}

function checkBody({ stdoutBytes, stderrBytes, changes }: ResultReply, body: Uint8Array, facts: RunFacts): void {
  const outputBytes = stdoutBytes + stderrBytes;
  if (outputBytes > facts.limits.outputBytes) misbehaved("there is more output than the run may write");
  if (sharedSizes(changes) > facts.limits.overlayBytes) misbehaved("there is more content than the run may write");
  if (outputBytes + dataBytes(changes) !== body.length) misbehaved("its parts are not as long as the whole");
}

/** An honest cell's instants lie between the request and the reply. They are shown, and nothing is decided by them. */
function checkTimings({ startedUs, runMs, rollbackMs }: Readonly<Record<string, unknown>>, facts: RunFacts): void {
  const started = wholeOf(startedUs, facts.repliedUs, "the start of a run");
  if (started < facts.sentUs) misbehaved("a run began before it was asked for");
  const leftMs = (facts.repliedUs - started) / 1000 + ROUNDING_MS;
  const ran = numberOf(runMs, leftMs, "the time of a run");
  numberOf(rollbackMs, leftMs - ran, "the time of a rollback");
}

const LIMIT_NAMES: ReadonlySet<LimitName> = new Set([
  "wall",
  "cpu",
  "memory",
  "processes",
  "files",
  "overlay",
  "output",
  "names",
] satisfies LimitName[]);
const EXITED = new Set(["kind", "code"]);
const SIGNALED = new Set(["kind", "signal", "number"]);
const ENDINGS: ReadonlySet<WireEnding["kind"]> = new Set(["exited", "signaled", "limit", "cancelled", "error"]);
const ERRORS: ReadonlySet<RunError> = new Set(RUN_ERRORS);

function endingOf(value: unknown, wasCancelled: boolean): WireEnding {
  const { kind: given } = (value ?? {}) as { readonly kind?: unknown };
  const kind = oneOf(given, ENDINGS, "an ending");
  switch (kind) {
    case "exited":
      return { kind, code: wholeOf(fieldsOf(value, EXITED, kind).code, 255, "an exit status") };
    case "signaled": {
      const fields = fieldsOf(value, SIGNALED, kind);
      const number = wholeOf(fields.number, SIGNAL_MAX, "a signal's number");
      if (number === 0 || fields.signal !== signalName(number)) misbehaved("a signal has another's name");
      return { kind, signal: signalName(number), number };
    }
    case "limit":
      return { kind, limit: oneOf(fieldsOf(value, new Set(["kind", "limit"]), kind).limit, LIMIT_NAMES, "a limit") };
    case "cancelled":
      fieldsOf(value, new Set(["kind"]), kind);
      return wasCancelled ? { kind } : misbehaved("nobody cancelled the run");
    case "error": {
      const { code, message } = fieldsOf(value, new Set(["kind", "code", "message"]), kind);
      return { kind, code: oneOf(code, ERRORS, "an error"), message: textOf(message, MESSAGE_UNITS_MAX, "a message") };
    }
  }
}
