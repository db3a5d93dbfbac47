import { inSteps } from "../base/pace.ts";
import { ZtlError } from "../errors.ts";
import type { RunLimits } from "../linux/limits.ts";
import type { CellHandle } from "./cell/handle.ts";
import { cellMemoryBytes } from "./cell/launcher.ts";
import { monotonicUs, type RunRequest } from "./cell/protocol.ts";
import { readResult } from "./cell/reply/result.ts";
import { resultLimits } from "./cell/reply-limits.ts";
import { EgressRelay } from "./egress-relay.ts";
import { closeFiles, openLayer } from "./layer-files.ts";
import type { RunPlan } from "./plan.ts";
import type { RunResult } from "./result.ts";
import { assemble } from "./result-assembly.ts";
import { type RunOptions, toRunTrace } from "./run-options.ts";
import { Tracing } from "./tracing.ts";

/**
 * How long after its wall limit a run may still take to hand in its result (hashing and sending what it wrote), before
 * its cell is taken for stuck and killed.
 */
const WALL_GRACE_MS = 5000;
/** The same after a cancellation, which a working cell notices within some 10 ms. */
const CANCEL_GRACE_MS = 2000;
/** setTimeout takes a signed 32-bit number of milliseconds. */
const TIMEOUT_MAX_MS = 0x7fff_ffff;

export interface RunOrder {
  readonly plan: RunPlan;
  readonly limits: RunLimits;
  readonly calledUs: number;
  readonly options: RunOptions;
}

/**
 * One run in a cell. Rejects with a ZtlError when the cell did not give a result: `wall-limit` or `cancelled` when it had
 * to be killed for not answering in time, else what became of it. The cell is dead then.
 */
export async function runInCell(cell: CellHandle, order: RunOrder): Promise<RunResult> {
  const { plan, limits, calledUs, options } = order;
  const { signal } = options;
  const { places } = cell;
  const acquiredUs = monotonicUs();
  cell.allowMemory(cellMemoryBytes(limits));
  const layer = options.layer && openLayer(options.layer, places);
  const trace = toRunTrace(options.trace);
  const relay = options.egress && new EgressRelay(options.egress, (message, parts) => cell.tell(message, parts));
  const request = requestOf(order, { layer: layer?.wire ?? null, trace, egress: relay?.order ?? null });
  const timers: NodeJS.Timeout[] = [];
  const killAfter = (ms: number, code: string, message: string): void => {
    timers.push(setTimeout(() => cell.kill(code, message), Math.min(ms, TIMEOUT_MAX_MS)));
  };
  let wasCancelled = false;
  const cancel = (): void => {
    wasCancelled = true;
    cell.cancel();
    killAfter(CANCEL_GRACE_MS, "cancelled", "A cancelled run did not end, so its cell was killed");
  };
  const tracing = new Tracing(trace, options.trace?.onCall, cancel);
  killAfter(limits.wallMs + WALL_GRACE_MS, "wall-limit", "A run outlived its wall limit, so its cell was killed");
  try {
    if (signal?.aborted) throw new ZtlError("cancelled", "The call was cancelled before it started");
    const replied = cell.request({
      message: request,
      bodyParts: [...(plan.job === undefined ? [] : [plan.job]), plan.stdin],
      files: layer?.files ?? [],
      limits: resultLimits(limits),
      asides: [...tracing.asides, ...(relay === undefined ? [] : [relay.aside])],
      accept: async (header, body) => {
        const repliedUs = monotonicUs();
        const times = { sentUs: acquiredUs, repliedUs };
        const facts = { limits, places, ...times, wasCancelled, hasLayer: layer !== undefined, trace };
        const reply = await inSteps(readResult(header, body, facts));
        const { templateKey, layers } = cell;
        const egress = options.egress?.records ?? [];
        const around = { calledUs, acquiredUs, repliedUs, templateKey, layers, egress };
        return await inSteps(assemble(reply, body, places, around));
      },
    });
    signal?.addEventListener("abort", cancel);
    const result = await replied;
    tracing.check();
    // What was on its way when the guest ended is still sent, and in the result's records then.
    await options.egress?.close();
    if (isBroken(result)) cell.kill("guest-failed", "A run failed inside its cell, which is not used again");
    return result;
  } finally {
    signal?.removeEventListener("abort", cancel);
    for (const timer of timers) clearTimeout(timer);
    closeFiles(layer?.files ?? []);
  }
}

/** What goes with a run. */
type Extras = Pick<RunRequest, "layer" | "trace" | "egress">;

function requestOf({ plan, limits, options }: RunOrder, extras: Extras): RunRequest {
  return {
    type: "run",
    limits,
    jobBytes: plan.job?.length ?? 0,
    program: plan.program,
    cwd: plan.job === undefined ? null : plan.cwd,
    deterministic: options.deterministic ?? null,
    stdinBytes: plan.stdin.length,
    ...extras,
  };
}

/** Something went wrong in the cell itself. Its result is kept; that a rollback mends the rest is not relied on. */
function isBroken(result: RunResult): boolean {
  return result.status === "error" && result.error.code === "guest-failed";
}
