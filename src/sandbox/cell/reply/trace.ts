import { ARGUMENTS_UNITS_MAX, COUNTED_NAMES_MAX, type TracedCall } from "../../../linux/trace/traced-call.ts";
import type { RunTrace, WireDiagnostics } from "../protocol.ts";
import { fieldsOf, listOf, misbehaved, numberOf, textOf, wholeOf } from "./fields.ts";

/** PID_MAX_LIMIT, linux/threads.h. */
const PID_MAX = 4_194_304;
/** A number in words is the longest. */
const NAME = /^[a-z][a-z0-9_ -]{0,39}$/;
/** A 64-bit address, an errno, or a few words. */
const RESULT = /^[\x20-\x7e]{1,64}$/;
const NOTE = /^[\x20-\x7e]{0,200}$/;
/** Control characters are escaped by whoever decodes the arguments. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const CONTROL = /[\x00-\x1f\x7f]/;
/** Ten years: longer than any wall limit, and what counted time skips at most. */
const TIME_MS_MAX = 3.2e11;

/**
 * Takes the calls that a cell tells of while a run goes on. Throws ZtlError `cell-misbehaved` for what was not asked for, or
 * cannot be one.
 */
export class TraceReader {
  readonly #trace: RunTrace;
  readonly #take: (call: TracedCall) => void;
  #count = 0;

  constructor(trace: RunTrace, take: (call: TracedCall) => void) {
    this.#trace = trace;
    this.#take = take;
  }

  read(header: Readonly<Record<string, unknown>>): void {
    if (!this.#trace.isTold) misbehaved("nobody asked for a trace");
    const calls = listOf(fieldsOf(header, new Set(["type", "calls"]), "a trace").calls, "a trace");
    this.#count += calls.length;
    if (this.#count > this.#trace.callsMax) misbehaved("a trace has more calls than were asked for");
    for (const call of calls.map(callOf)) this.#take(call);
  }
}

function callOf(value: unknown): TracedCall {
  const fields = listOf(value, "a traced call");
  if (fields.length !== 8) misbehaved("a traced call has other parts");
  const [startMs, tookMs, pid, tid, name, args, result, note] = fields;
  const noteText = matching(note, NOTE, "the note of a call");
  const argsText = textOf(args, ARGUMENTS_UNITS_MAX, "the arguments of a call");
  if (CONTROL.test(argsText)) misbehaved("the arguments of a call have control characters");
  return {
    startMs: numberOf(startMs, TIME_MS_MAX, "when a call was made"),
    tookMs: numberOf(tookMs, TIME_MS_MAX, "how long a call took"),
    pid: wholeOf(pid, PID_MAX, "a process id"),
    tid: wholeOf(tid, PID_MAX, "a thread id"),
    name: matching(name, NAME, "the name of a call"),
    args: argsText,
    result: matching(result, RESULT, "the result of a call"),
    ...(noteText !== "" && { note: noteText }),
  };
}

function matching(value: unknown, pattern: RegExp, what: string): string {
  return typeof value === "string" && pattern.test(value) ? value : misbehaved(`${what} is none`);
}

/** How often each call was made. */
export function callCountsOf(value: unknown): NonNullable<WireDiagnostics["counts"]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) misbehaved("the counts are not an object");
  const counts = Object.entries(value);
  if (counts.length > COUNTED_NAMES_MAX) misbehaved("the counts are too many");
  return Object.fromEntries(counts.map(([name, one]) => [matching(name, NAME, "the name of a call"), countOf(one)]));
}

function countOf(value: unknown): [count: number, errors: number, timeMs: number] {
  const [count, errors, timeMs, ...more] = listOf(value, "a call's count");
  if (more.length > 0) misbehaved("a call's count has other parts");
  const made = wholeOf(count, Number.MAX_SAFE_INTEGER, "how often a call was made");
  const failed = wholeOf(errors, made, "how often a call failed");
  return [made, failed, numberOf(timeMs, TIME_MS_MAX, "the time of a call")];
}
