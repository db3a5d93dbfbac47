import { BLOCKED } from "../blocked.ts";
import { errnoName } from "../errno.ts";
import { type Call, REGISTERS_SET } from "../syscalls/call.ts";
import { syscallHandler, syscallName, syscallStanding } from "../syscalls/table.ts";
import { argumentText, isFilledIn } from "./arguments.ts";
import type { CallFamily } from "./kinds.ts";
import { hex, octal } from "./numbers.ts";
import { signatureOf } from "./signatures.ts";
import { ARGUMENTS_UNITS_MAX, COUNTED_NAMES_MAX, type TracedCall } from "./traced-call.ts";

/** How often a call was made, and what answering it took of the host's time. */
export interface CallCount {
  count: number;
  errors: number;
  timeMs: number;
}

export interface TraceOptions {
  /** Families and names of calls; undefined for all. */
  readonly calls?: readonly string[] | undefined;
  /** Takes each call once it has returned; absent when only counts are wanted. */
  readonly sink?: ((call: TracedCall) => void) | undefined;
  readonly isCounting: boolean;
}

type Answer = (call: Call) => number;

/** A call that has begun. */
interface Begun {
  readonly startMs: number;
  readonly args: readonly (string | undefined)[];
}

const ERRNO_MAX = 4095;
const ADDRESS_RESULTS: ReadonlySet<string> = new Set(["mmap", "mremap", "brk", "shmat"]);
/** These return where their caller was set to, or not at all. */
const NEVER_RETURNS: ReadonlySet<string> = new Set(["exit", "exit_group"]);

/**
 * Looks over the shoulder of the dispatcher. It stands in the dispatcher's place in runs that are traced, and is not there in
 * others, so these pay nothing for it.
 */
export class Tracer {
  readonly counts = new Map<string, CallCount>();
  readonly #options: TraceOptions;
  readonly #answer: Answer;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  /** Calls that sleep. */
  readonly #begun = new Map<Call, Begun>();

  /** @param nowMs the run's own clock, which is the same in each repetition of a repeatable run */
  constructor(options: TraceOptions, answer: Answer, nowMs: () => number) {
    this.#options = options;
    this.#answer = answer;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  get isCounting(): boolean {
    return this.#options.isCounting;
  }

  /** Calls are told one by one, not only counted. */
  get isTelling(): boolean {
    return this.#options.sink !== undefined;
  }

  /** A call of this number was answered inside the guest. */
  answeredInside(number: number): void {
    if (!this.#options.isCounting) return;
    const count = this.#countOf(syscallName(number));
    if (count !== undefined) count.count++;
  }

  /** Answers a call, for the first time or again after it slept. */
  readonly answer: Answer = (call) => {
    const begun = this.#begun.get(call) ?? this.#begin(call);
    const before = performance.now();
    let result: number | undefined;
    try {
      result = this.#answer(call);
      return result;
    } finally {
      if (this.#options.isCounting) this.#count(call, performance.now() - before, result);
      if (result === BLOCKED) this.#begun.set(call, begun);
      else {
        this.#begun.delete(call);
        this.#tell(call, begun, result);
      }
    }
  };

  /** A signal ended a sleeping call, with this result, or so that it is made again. */
  interrupted(call: Call, result: number | undefined): void {
    this.#end(call, result === undefined ? "? made again after a signal" : resultText(call, result));
  }

  /** The task of this call has ended in it. */
  abandoned(call: Call): void {
    this.#end(call, "? not returned from");
  }

  /** The run is over. */
  finish(): void {
    for (const call of [...this.#begun.keys()]) this.abandoned(call);
  }

  #begin(call: Call): Begun {
    if (!this.#wants(call)) return NOT_TOLD;
    const { kinds } = signatureOf(syscallName(call.number));
    const args = kinds.map((kind, index) => (isFilledIn(kind) ? undefined : (argumentText(call, kinds, index) ?? "")));
    return { startMs: this.#nowMs() - this.#startMs, args };
  }

  #wants(call: Call): boolean {
    const { calls, sink } = this.#options;
    if (sink === undefined) return false;
    if (calls === undefined) return true;
    const name = syscallName(call.number);
    return calls.includes(name) || signatureOf(name).families.some((family: CallFamily) => calls.includes(family));
  }

  #count(call: Call, timeMs: number, result: number | undefined): void {
    const count = this.#countOf(syscallName(call.number));
    if (count === undefined) return;
    count.timeMs += timeMs;
    if (result === BLOCKED) return;
    count.count++;
    if (result !== undefined && isError(result)) count.errors++;
  }

  #countOf(name: string): CallCount | undefined {
    let count = this.counts.get(name);
    if (count === undefined && this.counts.size < COUNTED_NAMES_MAX) {
      count = { count: 0, errors: 0, timeMs: 0 };
      this.counts.set(name, count);
    }
    return count;
  }

  #end(call: Call, result: string): void {
    const begun = this.#begun.get(call);
    if (begun === undefined) return;
    this.#begun.delete(call);
    this.#hand(call, begun, this.#filledIn(call, begun, undefined), result);
  }

  #tell(call: Call, begun: Begun, result: number | undefined): void {
    if (begun === NOT_TOLD) return;
    const args = this.#filledIn(call, begun, result);
    this.#hand(call, begun, args, result === undefined ? "? the run ended in it" : resultText(call, result));
  }

  #filledIn(call: Call, { args }: Begun, result: number | undefined): string {
    const { kinds } = signatureOf(syscallName(call.number));
    const failed = result === undefined || result === REGISTERS_SET || isError(result);
    const texts = args.map((text, index) => text ?? argumentText(call, kinds, index, failed ? -1 : result));
    const shown = texts.filter((text) => text !== "").join(", ");
    return shown.length <= ARGUMENTS_UNITS_MAX ? shown : `${shown.slice(0, ARGUMENTS_UNITS_MAX - 3).toWellFormed()}...`;
  }

  #hand(call: Call, begun: Begun, args: string, result: string): void {
    if (begun === NOT_TOLD) return;
    const { pid } = call.process;
    const note = noteOf(call, result);
    this.#options.sink?.({
      startMs: begun.startMs,
      tookMs: Math.max(this.#nowMs() - this.#startMs - begun.startMs, 0),
      pid,
      tid: call.task.tid,
      name: syscallName(call.number),
      args,
      result,
      ...(note !== undefined && { note }),
    });
  }
}

const NOT_TOLD: Begun = { startMs: 0, args: [] };

const isError = (result: number): boolean => result < 0 && result >= -ERRNO_MAX;

function resultText(call: Call, result: number): string {
  const name = syscallName(call.number);
  if (result === REGISTERS_SET) return name.startsWith("execve") ? "0" : "?";
  if (NEVER_RETURNS.has(name)) return "?";
  if (isError(result)) return `-1 ${errnoName(-result)}`;
  if (ADDRESS_RESULTS.has(name)) return hex(result);
  // A mode, as its argument.
  return name === "umask" ? octal(result) : String(result);
}

function noteOf(call: Call, result: string): string | undefined {
  if (syscallHandler(call.number) === undefined) return "not known to ztl";
  const standing = syscallStanding(call.number);
  if (standing?.kind !== "refused" || result !== `-1 ${standing.errno}`) return undefined;
  return `refused by ztl: ${standing.why}`;
}
