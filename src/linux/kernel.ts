import type { Cpu, Machine } from "../vmm/index.ts";
import { Allowance } from "./allowance.ts";
import { Annex } from "./annex/annex.ts";
import { BLOCKED } from "./blocked.ts";
import { Deadline } from "./deadline.ts";
import { LinuxError } from "./errno.ts";
import { Open, type OpenFile, OpenFileCount, restartAnonymousInodes } from "./files/open-file.ts";
import { BrokenPipe } from "./files/pipe.ts";
import { InputFile, Output } from "./files/standard-streams.ts";
import { SystemVIpc } from "./ipc/index.ts";
import { HostClock, type RunClock, VirtualClock } from "./kernel/clock.ts";
import { type Config, configuredVfs } from "./kernel/config.ts";
import { Diagnostics } from "./kernel/diagnostics.ts";
import { type KernelImage, preparedCache, restoreProcess, sealKernel } from "./kernel/image.ts";
import { type Control, type GuestEnding, Scheduler } from "./kernel/scheduler.ts";
import { type ProgramSpec, spawnProgram } from "./kernel/spawn.ts";
import { TimerSet } from "./kernel/timers.ts";
import { asLimit, DEFAULT_LIMITS, type RunLimits } from "./limits.ts";
import { PageCache } from "./memory/page-cache.ts";
import { type SharedPages, shareFile } from "./memory/shared-pages.ts";
import type { Peer } from "./net/message-queue.ts";
import { Network } from "./net/network.ts";
import type { OutwardLink } from "./net/out/link.ts";
import { finishProcess, finishTask } from "./process/exit.ts";
import { FutexTable } from "./process/futex.ts";
import type { ExitStatus, Process } from "./process/process.ts";
import type { Task } from "./process/task.ts";
import { force, send } from "./signals/delivery.ts";
import { SiCode, Signal } from "./signals/signals.ts";
import { Call, REGISTERS_SET } from "./syscalls/call.ts";
import { syscallHandler, syscallName } from "./syscalls/table.ts";
import { Terminals } from "./terminal/index.ts";
import { type TraceOptions, Tracer } from "./trace/index.ts";
import { Vdso } from "./vdso/vdso.ts";
import {
  type Change,
  type Credentials,
  FileEvent,
  type FileRead,
  type Inode,
  type RunLayer,
  type Vfs,
} from "./vfs/index.ts";
import { WatchTable } from "./watching/index.ts";

/** Registers that carry a system call's arguments, in order (System V AMD64 ABI, A.2.1): RDI RSI RDX R10 R8 R9. */
const ARGUMENT_REGISTERS = [5, 4, 3, 10, 8, 9] as const;

/**
 * How long changes may be gathered: as long as the run might have gone on, so that its result comes in time. A quarter of a
 * gigabyte, the default limit, is hashed in half a second.
 */
const COLLECT_MS_MAX = 4000;
const COLLECT_MS_MIN = 600;
/** A name is compared, or a megabyte hashed, in about the time of so many pages. */
const WORK_PER_NAME = 256;
/** How long the read set is hashed, and the files that were changed: a gigabyte or two, or what is small when no time is left. */
const HASH_MS_MAX = 2000;
const HASH_MS_MIN = 200;

/** What may differ from run to run. */
export interface KernelOptions {
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: RunLimits;
  /** For a run that is to be repeatable: what its randomness comes from, in hexadecimal, and the date at its start. */
  readonly deterministic?: { readonly seed: string; readonly clockMs: number } | undefined;
  /** Changes of earlier runs, which lie under what this one changes itself. */
  readonly layer?: RunLayer | undefined;
  /** Tells of each system call, or counts them. */
  readonly trace?: TraceOptions | undefined;
  /** A way out; the run's clock must be the host's, for nobody outside waits for a counted one. */
  readonly outward?: OutwardLink | undefined;
  /** Contents for files of the configuration that are others in this run, by path. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/**
 * The Linux personality of one micro-VM: its processes, files and time. Lives for one run; a warm cell makes a new one
 * from its template after each rollback.
 */
export class Kernel {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly config: Config;
  readonly vfs: Vfs;
  readonly cache: PageCache;
  readonly processes = new Map<number, Process>();
  readonly futexes = new FutexTable();
  readonly diagnostics = new Diagnostics();
  readonly job: InputFile;
  readonly stdin: InputFile;
  readonly scheduler: Scheduler;
  readonly clock: RunClock;
  readonly vdso: Vdso;
  readonly annex: Annex;
  readonly limits: RunLimits;
  /** What the run may still use. */
  readonly allowance: Allowance;
  readonly output: Output;
  readonly openFiles: OpenFileCount;
  readonly network: Network;
  readonly timers: TimerSet;
  readonly watches: WatchTable;
  readonly ipc = new SystemVIpc(this);
  readonly terminals = new Terminals(this);
  readonly tracer: Tracer | undefined;
  /** The task whose system call is being answered, or asked whether it can go on. */
  callingTask: Task | undefined;
  /** The process whose end ends the run. */
  main: Process | undefined;
  readonly #sharedFiles = new Map<Inode, SharedPages>();
  #nextPid = 2;
  /** What answers a call: a tracer around the handlers, if there is one. */
  readonly #dispatch: (call: Call) => number;

  private constructor(machine: Machine, config: Config, options: KernelOptions, image?: KernelImage) {
    const { limits = DEFAULT_LIMITS, deterministic, trace } = options;
    this.clock = deterministic ? new VirtualClock(deterministic.clockMs) : new HostClock();
    this.timers = new TimerSet(this.clock);
    restartAnonymousInodes();
    config.random.begin(deterministic && Buffer.from(deterministic.seed, "hex"));
    this.machine = machine;
    this.cpu = machine.cpu;
    this.config = config;
    this.job = new InputFile("job", this.credentials);
    this.stdin = new InputFile("stdin", this.credentials, new Uint8Array());
    this.limits = limits;
    this.allowance = new Allowance(machine.pages, limits.memoryBytes);
    this.output = new Output(limits.outputBytes);
    this.openFiles = new OpenFileCount(limits.openFiles, this.allowance, (file) => this.#tellClosed(file));
    this.network = new Network(this, options.outward);
    this.watches = new WatchTable(() => this.vfs, this.allowance);
    this.vfs = configuredVfs(config, this, options);
    this.cache = new PageCache(machine.memory, machine.pages, this.allowance, image && preparedCache(image));
    this.vdso = new Vdso(machine, image?.vdso);
    this.annex = new Annex(this, image);
    if (image) this.#publishClocks(image);
    this.scheduler = new Scheduler(this);
    this.tracer = trace && new Tracer(trace, this.#answer, () => this.clock.nowMs());
    this.#dispatch = this.tracer?.answer ?? this.#answer;
    if (image) {
      this.#nextPid = image.nextPid;
      if (image.process) restoreProcess(this, image.process);
    }
  }

  /** A personality without a process yet. */
  static boot(machine: Machine, config: Config, options: KernelOptions = {}): Kernel {
    return new Kernel(machine, config, options);
  }

  /** The personality of a template; the machine stands at the template's snapshot. */
  static restore(machine: Machine, image: KernelImage, config: Config, options: KernelOptions = {}): Kernel {
    return new Kernel(machine, config, options, image);
  }

  /** Counted time is not the processor's, so there each reading of a clock is a system call. */
  #publishClocks({ vdso: { codePage } }: KernelImage): void {
    const { calibrator } = this.config;
    const calibration = this.clock.isVirtual ? undefined : calibrator.current(this.machine, codePage);
    this.vdso.publish(calibration, this.clock.realtimeOffsetNs);
  }

  /** Starts the first process. */
  spawn(program: ProgramSpec): void {
    this.#forgetEnded();
    this.main = spawnProgram(this, program);
  }

  giveJob(bytes: Uint8Array): void {
    this.job.give(bytes);
  }

  setInput(bytes: Uint8Array): void {
    this.stdin.give(bytes);
  }

  /** Runs until the first process ends, a limit is reached, or (`untilJobWanted`) everything waits for the job. */
  run(control: Control): GuestEnding {
    return this.scheduler.run(control);
  }

  seal(): KernelImage {
    this.#forgetEnded();
    this.annex.forget();
    return sealKernel(this, this.#nextPid);
  }

  /** Gives back the memory of a first process that ended, when the machine goes on without a rollback. */
  #forgetEnded(): void {
    if (!this.main?.exit) return;
    this.main.memory.release();
    this.main = undefined;
  }

  collectReads(): FileRead[] {
    this.vfs.hashUntil(this.#hashEndMs());
    return this.vfs.collectReads();
  }

  /** Host files are hashed as long as the run might have gone on: its result does not wait long for that. */
  #hashEndMs(): number {
    return performance.now() + this.#leftMs(HASH_MS_MIN, HASH_MS_MAX);
  }

  /** What is left of the run's time, within these bounds. */
  #leftMs(min: number, max: number): number {
    return Math.min(Math.max(this.limits.wallMs - this.scheduler.elapsedMs, min), max);
  }

  /** Throws LimitReached when they are more than a result may carry, or take too long to gather. */
  collectChanges(): Change[] {
    const { allowance, vfs } = this;
    vfs.hashUntil(this.#hashEndMs());
    allowance.watch = new Deadline(this.#leftMs(COLLECT_MS_MIN, COLLECT_MS_MAX));
    return vfs.collectChanges(() => allowance.work(WORK_PER_NAME));
  }

  #tellClosed({ location, flags }: OpenFile): void {
    const { observer } = this.vfs;
    if (observer === undefined || location === undefined || (flags & Open.path) !== 0) return;
    const isWritable = (flags & Open.accessMode) !== Open.readOnly;
    observer.happened(isWritable ? FileEvent.closeWrite : FileEvent.closeNoWrite, location);
    observer.mayBeGone(location.inode);
  }

  // --- for the system calls ---

  /** The process whose system call is being answered: /proc/self. */
  get caller(): Process | undefined {
    return this.callingTask?.process;
  }

  /** The same as the network knows it. */
  get peer(): Peer {
    const { pid, credentials } = this.caller ?? { pid: 0, credentials: this.credentials };
    return { pid, uid: credentials.uid, gid: credentials.gid };
  }

  /** Who the guest's programs run as. */
  get credentials(): Credentials {
    return { uid: this.config.uid, gid: this.config.gid, groups: [this.config.gid] };
  }

  allocatePid(): number {
    return this.#nextPid++;
  }

  random(bytes: Uint8Array): Uint8Array {
    return this.config.random.fill(bytes);
  }

  /** The FPU image of a task, current or not. */
  fpuOf(task: Task): Uint8Array {
    if (task === this.scheduler.current) this.cpu.readFpu(task.saved.fpu);
    return task.saved.fpu;
  }

  setFpu(task: Task, image: Uint8Array): void {
    task.saved.fpu.set(image);
    if (task === this.scheduler.current) this.cpu.writeFpu(task.saved.fpu);
  }

  segmentBases(task: Task): { readonly fs: number; readonly gs: number } {
    return task === this.scheduler.current ? this.cpu.readSegmentBases() : task.saved;
  }

  setSegmentBases(task: Task, fs: number, gs: number): void {
    task.saved.fs = fs;
    task.saved.gs = gs;
    if (task === this.scheduler.current) this.cpu.writeSegmentBases(fs, gs);
  }

  /** The pages all mappings of this file show, which may change; its own content while they exist. */
  sharedFilePages(inode: Inode): SharedPages {
    let shared = this.#sharedFiles.get(inode);
    if (!shared) {
      shared = shareFile(this.machine, inode, () => this.#sharedFiles.delete(inode));
      this.#sharedFiles.set(inode, shared);
    }
    return shared;
  }

  /** Whether anything shows a file that may change. */
  get hasSharedFiles(): boolean {
    return this.#sharedFiles.size > 0;
  }

  /** Answers the system call the task stopped at. */
  enterCall(task: Task): void {
    const { registers32 } = task;
    const low = new Uint32Array(6);
    const high = new Uint32Array(6);
    for (let i = 0; i < 6; i++) {
      low[i] = registers32[2 * ARGUMENT_REGISTERS[i]];
      high[i] = registers32[2 * ARGUMENT_REGISTERS[i] + 1];
    }
    this.diagnostics.syscalls++;
    this.clock.tick();
    this.perform(task, new Call(this, task, registers32[0] | 0, low, high));
  }

  /** Makes a call, for the first time or again after its task slept. */
  perform(task: Task, call: Call): void {
    const result = this.#dispatch(call);
    if (result === BLOCKED) {
      task.call = call;
      return;
    }
    task.wait = undefined;
    task.call = undefined;
    if (result !== REGISTERS_SET) task.setResult(result);
  }

  readonly #answer = (call: Call): number => {
    const handler = syscallHandler(call.number);
    if (!handler) {
      this.diagnostics.unknown(syscallName(call.number));
      return -38;
    }
    this.callingTask = call.task;
    try {
      this.annex.beforeCall(call);
      return handler(call);
    } catch (error) {
      if (error instanceof BrokenPipe)
        send(call.process, { signal: Signal.SIGPIPE, code: SiCode.user, pid: call.process.pid }, call.task);
      if (error instanceof LinuxError) return -error.errno;
      this.diagnostics.failedIn ??= `${syscallName(call.number)} of process ${call.process.pid}`;
      throw asLimit(error);
    }
  };

  /** Ends a process with all its threads. */
  endProcess(process: Process, status: ExitStatus): void {
    finishProcess(this, process, status);
  }

  /** Ends one thread, and its process with the last one. */
  endTask(task: Task, status: ExitStatus): void {
    finishTask(this, task, status);
  }

  /** A fault of the task's own making. */
  fault(task: Task, signal: number, code: number, address = 0): void {
    this.annex.settle();
    force(task, { signal, code, address });
  }
}
