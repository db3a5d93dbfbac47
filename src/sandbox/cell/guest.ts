import { closeSync } from "node:fs";
import { toByteString } from "../../base/byte-string.ts";
import { ZtlError } from "../../errors.ts";
import { LinuxError } from "../../linux/errno.ts";
import { Config, forgetRun, type GuestEnding, Kernel, type KernelImage, type OutwardLink } from "../../linux/index.ts";
import { LimitReached, type RunLimits } from "../../linux/limits.ts";
import type { Tracer } from "../../linux/trace/index.ts";
import { FileType, type RunLayer } from "../../linux/vfs/index.ts";
import { Machine } from "../../vmm/index.ts";
import { networkFiles } from "../guest-tree.ts";
import { NO_DIAGNOSTICS } from "../result.ts";
import { type Collected, collect, NOTHING } from "./collect.ts";
import {
  fromWireConfig,
  type LoadRequest,
  MEMORY_FD,
  MESSAGE_UNITS_MAX,
  monotonicUs,
  type ResultReply,
  RUN_ERRORS,
  type RunError,
  type RunRequest,
  type TraceFrame,
  type WireDiagnostics,
  type WireEnding,
} from "./protocol.ts";
import { TraceSender, traceOptions } from "./trace-sender.ts";

/** Variants of the image by working directory that are kept: callers use few. */
const DIRECTORIES_MAX = 64;

/** The loaded template of a cell and its one virtual machine. */
export class Guest {
  readonly #machine: Machine;
  readonly #image: KernelImage;
  readonly #config: Config;
  readonly #byDirectory = new Map<string, KernelImage>();
  /** Files that are others in a run with a way out. */
  readonly #networkFiles: Readonly<Record<string, string>>;

  constructor(request: LoadRequest) {
    this.#machine = Machine.fromImage({ fd: MEMORY_FD, image: request.machine });
    this.#machine.prepareTimer();
    closeSync(MEMORY_FD);
    this.#image = request.kernel;
    const config = fromWireConfig(request.config);
    this.#config = new Config(config);
    this.#networkFiles = networkFiles(config.mounts);
  }

  /** What of the host the guest's file tree may read. */
  get hostPaths(): readonly string[] {
    return this.#config.plan.hostPaths;
  }

  /** Runs one call, brings the machine back to its snapshot, and only then returns what to tell. */
  run(request: RunRequest, body: Uint8Array, surroundings: Surroundings): { reply: ResultReply; parts: Uint8Array[] } {
    const exitsBefore = this.#machine.cpu.exitCount;
    const sender = request.trace === null ? undefined : new TraceSender(request.trace, surroundings.tell);
    const { kernel, startedUs, ...executed } = this.#execute(request, body, surroundings, sender);
    const endedUs = monotonicUs();
    // Files may be backed by guest memory, so they are collected before it is rolled back.
    const { ending: concluded, ...collected } =
      kernel === undefined
        ? { ...NOTHING, ...executed, stdout: EMPTY, stderr: EMPTY }
        : conclude(kernel, executed.ending, request.limits);
    const { ending, diagnostics } =
      kernel === undefined
        ? { ending: concluded, diagnostics: NO_DIAGNOSTICS }
        : this.#tryDiagnose(kernel, concluded, exitsBefore, sender);
    const rollbackUs = monotonicUs();
    this.#machine.rollback();
    forgetRun(this.#image);
    const doneUs = monotonicUs();
    const { stdout, stderr, contents, ...sets } = collected;
    const reply: ResultReply = {
      type: "result",
      ending,
      stdoutBytes: stdout.length,
      stderrBytes: stderr.length,
      startedUs,
      runMs: (endedUs - startedUs) / 1000,
      rollbackMs: (doneUs - rollbackUs) / 1000,
      ...sets,
      diagnostics,
    };
    return { reply, parts: [stdout, stderr, ...contents] };
  }

  #execute(
    request: RunRequest,
    body: Uint8Array,
    surroundings: Surroundings,
    sender: TraceSender | undefined,
  ): Execution {
    let startedUs = monotonicUs();
    let kernel: Kernel | undefined;
    try {
      kernel = this.#restore(request, surroundings, sender);
      kernel.setInput(body.subarray(request.jobBytes, request.jobBytes + request.stdinBytes));
      if (request.program !== null) kernel.spawn(request.program);
      else kernel.giveJob(body.subarray(0, request.jobBytes));
      startedUs = monotonicUs();
      const outcome = kernel.run(sender === undefined ? surroundings : alsoFlushing(surroundings, sender));
      if (outcome.kind === "exited" || outcome.kind === "signaled") sendRest(kernel, surroundings);
      return { kernel, ending: endingOf(outcome), startedUs };
    } catch (error) {
      // What the run wrote until then is kept, whatever went wrong.
      return { kernel, ending: endingOfError(error, kernel?.diagnostics.failedIn), startedUs };
    }
  }

  #restore(
    { cwd, limits, deterministic, trace }: RunRequest,
    { layer, outward }: Surroundings,
    sender: TraceSender | undefined,
  ): Kernel {
    let reason: string;
    try {
      const kernel = Kernel.restore(this.#machine, this.#imageAt(cwd), this.#config, {
        limits,
        deterministic: deterministic ?? undefined,
        layer,
        ...(outward && { outward, files: this.#networkFiles }),
        trace: trace === null || sender === undefined ? undefined : traceOptions(trace, sender),
      });
      const directory = kernel.main?.fs.cwd.inode;
      if (directory === undefined || directory.type === FileType.directory) return kernel;
      reason = "ENOTDIR";
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      reason = error.name;
    }
    throw new ZtlError("cwd-not-found", `The guest has no working directory ${JSON.stringify(cwd)} (${reason})`, {
      cwd,
    });
  }

  /** The sealed process stands in its template's directory; starting it elsewhere saves it a system call. */
  #imageAt(cwd: string | null): KernelImage {
    const { process } = this.#image;
    if (cwd === null || process === undefined) return this.#image;
    let image = this.#byDirectory.get(cwd);
    if (image === undefined) {
      // A template's directory is a byte string, and "é" in a call's is another text than in it.
      const place = toByteString(cwd);
      image = place === process.cwd ? this.#image : { ...this.#image, process: { ...process, cwd: place } };
      if (this.#byDirectory.size >= DIRECTORIES_MAX) this.#byDirectory.clear();
      this.#byDirectory.set(cwd, image);
    }
    return image;
  }

  /** A mistake in here costs the run no more than its ending: what it wrote is there. */
  #tryDiagnose(
    kernel: Kernel,
    ending: WireEnding,
    exitsBefore: number,
    sender: TraceSender | undefined,
  ): { readonly ending: WireEnding; readonly diagnostics: WireDiagnostics } {
    try {
      kernel.tracer?.finish();
      sender?.flush();
      return { ending, diagnostics: this.#diagnose(kernel, exitsBefore, sender) };
    } catch (error) {
      return { ending: endingOfError(error), diagnostics: NO_DIAGNOSTICS };
    }
  }

  #diagnose(kernel: Kernel, exitsBefore: number, sender: TraceSender | undefined): WireDiagnostics {
    const vanished = kernel.vfs.findVanishing();
    return {
      unknownSyscalls: Object.fromEntries(kernel.diagnostics.unknownSyscalls),
      egressAttempts: Object.fromEntries(kernel.diagnostics.egressAttempts),
      exits: this.#machine.cpu.exitCount - exitsBefore,
      syscalls: kernel.diagnostics.syscalls,
      peakMemoryBytes: this.#machine.pages.peakPages * 4096,
      ...(kernel.diagnostics.notRepeatable && { notRepeatable: kernel.diagnostics.notRepeatable }),
      ...(vanished.files > 0 && { vanished }),
      ...(kernel.tracer?.isCounting && statsOf(kernel, kernel.tracer)),
      ...(sender !== undefined && sender.dropped > 0 && { untraced: sender.dropped }),
    };
  }
}

/** What a run needs of its cell. */
export interface Surroundings {
  readonly poll: () => "continue" | "cancel";
  /** Sleeps until something may have come for the guest; absent when nothing can. */
  readonly sleep?: (ms: number) => void;
  /** Hands calls over while the run goes on. */
  readonly tell: (calls: TraceFrame) => void;
  readonly layer: RunLayer | undefined;
  /** Its way out, if it has one. */
  readonly outward: OutwardLink | undefined;
}

/** At each look for a cancellation the calls so far are handed over. */
function alsoFlushing({ poll, ...others }: Surroundings, sender: TraceSender): Surroundings {
  return {
    ...others,
    poll: () => {
      sender.flush();
      return poll();
    },
  };
}

/** How long what a program has left behind may take to be sent: well within what a run's result may take. */
const SEND_REST_MS_MAX = 2000;
const LOOK_MS = 10;

/** A kernel goes on sending what a program wrote before it ended. */
function sendRest({ network: { egress } }: Kernel, { poll, sleep }: Surroundings): void {
  const endMs = performance.now() + SEND_REST_MS_MAX;
  egress.exchange();
  while (egress.isSending && performance.now() < endMs && poll() === "continue")
    if (!egress.exchange()) sleep?.(LOOK_MS);
}

function statsOf(
  { diagnostics: { faults, switches } }: Kernel,
  tracer: Tracer,
): Pick<WireDiagnostics, "counts" | "faults" | "switches"> {
  const counts = [...tracer.counts].map(
    ([name, { count, errors, timeMs }]) => [name, [count, errors, timeMs]] as const,
  );
  return { counts: Object.fromEntries(counts), faults, switches };
}

interface Execution {
  /** Absent when the guest could not even be set up. */
  readonly kernel: Kernel | undefined;
  readonly ending: WireEnding;
  readonly startedUs: number;
}

const EMPTY = new Uint8Array(0);

interface Conclusion extends Collected {
  readonly ending: WireEnding;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** What the run leaves, and how it ended: the output in any case, the read and change sets if they can be told whole. */
function conclude(kernel: Kernel, ending: WireEnding, { overlayBytes }: RunLimits): Conclusion {
  const { stdout, stderr } = kernel.output;
  try {
    return { ending, stdout, stderr, ...collect(kernel, overlayBytes) };
  } catch (error) {
    return { ...NOTHING, ending: endingOfError(error), stdout, stderr };
  }
}

/** An error that is no failure of the guest's is one of ours: the host process gives up a cell that says so. */
function endingOfError(error: unknown, failedIn?: string): WireEnding {
  if (error instanceof LimitReached) return { kind: "limit", limit: error.limit };
  if (ZtlError.isInstance(error) && isRunError(error.code)) return runError(error.code, error.message);
  const message = error instanceof LinuxError ? `an unexpected ${error.name}` : String(error);
  const where = failedIn === undefined ? "" : `, in ${failedIn}`;
  return runError("guest-failed", `The run could not go on${where}: ${message}`);
}

function isRunError(code: string): code is RunError {
  return (RUN_ERRORS as readonly string[]).includes(code);
}

function runError(code: RunError, message: string): WireEnding {
  return { kind: "error", code, message: message.slice(0, MESSAGE_UNITS_MAX) };
}

function endingOf(outcome: GuestEnding): WireEnding {
  switch (outcome.kind) {
    case "exited":
    case "signaled":
    case "limit":
    case "cancelled":
      return outcome;
    case "waiting":
      return runError("guest-stuck", "Every process of the guest waits for something that cannot come.");
    case "failed":
      return runError("guest-failed", `The virtual machine failed: ${outcome.reason}`);
  }
}
