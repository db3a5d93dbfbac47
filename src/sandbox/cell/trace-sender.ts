import type { TracedCall, TraceOptions } from "../../linux/index.ts";
import type { RunTrace, TraceFrame, WireTracedCall } from "./protocol.ts";

/** Text that is gathered for a frame: a frame with the longest call in it stays below {@link TRACE_FRAME_BYTES}. */
const GATHERED_UNITS_MAX = 32 * 1024;
/** What a call counts beside its texts. */
const CALL_UNITS = 64;

/** Hands the calls of a run over in frames of bounded size, as they are made. */
export class TraceSender {
  readonly #send: (frame: TraceFrame) => void;
  readonly #callsMax: number;
  #gathered: WireTracedCall[] = [];
  #units = 0;
  #sent = 0;
  /** Calls beyond those asked for. */
  dropped = 0;

  constructor({ callsMax }: RunTrace, send: (frame: TraceFrame) => void) {
    this.#callsMax = callsMax;
    this.#send = send;
  }

  add({ startMs, tookMs, pid, tid, name, args, result, note = "" }: TracedCall): void {
    if (this.#sent >= this.#callsMax) {
      this.dropped++;
      return;
    }
    this.#sent++;
    this.#gathered.push([startMs, tookMs, pid, tid, name, args, result, note]);
    this.#units += CALL_UNITS + name.length + args.length + result.length + note.length;
    if (this.#units >= GATHERED_UNITS_MAX) this.flush();
  }

  /** Sends what there is: now and then, so that who waits for a program that hangs sees where it does. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const calls = this.#gathered;
    this.#gathered = [];
    this.#units = 0;
    this.#send({ type: "trace", calls });
  }
}

/** What the personality is to do for a trace. */
export function traceOptions(trace: RunTrace, sender: TraceSender): TraceOptions {
  return {
    calls: trace.calls ?? undefined,
    sink: trace.isTold ? (call) => sender.add(call) : undefined,
    isCounting: trace.isCounted,
  };
}
