import type { Descriptors } from "../files/descriptors.ts";
import type { IntervalTimer } from "../kernel/timers.ts";
import type { AddressSpace } from "../memory/address-space.ts";
import { PendingSignals, SignalQuota } from "../signals/pending.ts";
import { DEFAULT_ACTION, type SignalAction } from "../signals/signals.ts";
import type { Credentials, Location } from "../vfs/index.ts";
import { fileCredentials, type Identity } from "./identity.ts";
import type { PosixTimer } from "./posix-timer.ts";
import { NO_STRINGS, type ProgramStrings } from "./program-strings.ts";
import type { Task } from "./task.ts";

/** Directories and file mode mask (Linux: fs_struct); shared by CLONE_FS. */
export interface FileSystemState {
  root: Location;
  cwd: Location;
  umask: number;
}

/** One resource limit (getrlimit(2)); 2^64-1 is held as Infinity. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/** How a process ended, as wait(2) reports it. */
export type ExitStatus =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: number; readonly core: boolean };

/** A process (Linux: thread group): what its threads share. */
export class Process {
  readonly pid: number;
  parent: Process | undefined;
  readonly children = new Set<Process>();
  readonly tasks = new Set<Task>();
  memory: AddressSpace;
  files: Descriptors;
  fs: FileSystemState;
  #identity: Identity;
  #credentials: Credentials;
  /** Signal handlers by number; shared by CLONE_SIGHAND. */
  actions: (SignalAction | undefined)[];
  /** Shared by all processes of a run. */
  readonly signalQuota: SignalQuota;
  readonly pending: PendingSignals;
  processGroup: number;
  session: number;
  limits: Map<number, ResourceLimit>;
  /** The program, for /proc/PID/exe; after a restore only its path. */
  executable: Location | undefined;
  executablePath: string | undefined;
  strings: ProgramStrings = NO_STRINGS;
  /** Signal sent to the parent when this process ends (clone(2)). */
  exitSignal = 17;
  exit: ExitStatus | undefined;
  /** Set while stopped by a signal; `reported` once a parent waited for it. */
  stopped: { readonly signal: number; reported: boolean } | undefined;
  continuedUnreported = false;
  /** Timers of setitimer(2) by their number. */
  readonly intervalTimers: (IntervalTimer | undefined)[] = [];
  /** Timers of timer_create(2) by theirs. */
  readonly posixTimers = new Map<
    number,
    { readonly clock: number; readonly timer: IntervalTimer; readonly posix: PosixTimer }
  >();
  nextTimerId = 0;
  /** Sends SIGXCPU when RLIMIT_CPU is used up. */
  cpuLimitTimer: IntervalTimer | undefined;
  /** Signal to get when the parent ends (PR_SET_PDEATHSIG). */
  parentDeathSignal = 0;
  /** True once execve succeeded after the fork; setpgid on it is then refused. */
  hasExecuted = false;
  /** The vfork parent waiting for this child to exec or end. */
  vforkDone = true;
  dumpable = 1;
  subreaper = false;
  /** CPU time used, in milliseconds, and that of waited-for children. */
  cpuMs = 0;
  childrenCpuMs = 0;
  /** Page faults that were answered, and those of waited-for children. */
  faults = 0;
  childrenFaults = 0;
  /** How often it left the CPU: to wait, or because its turn was over. */
  readonly switches = { voluntary: 0, forced: 0 };
  /** Milliseconds since the machine's start at which it was made; until it is known, the start itself. */
  startedMs = 0;
  /** oom_score_adj (proc_pid_oom_score_adj(5)), and what it may be lowered to without privilege. */
  oomAdjustment = 0;
  oomAdjustmentMin = 0;
  /** Most pages it had in memory, once it ended, and the most any waited-for child had. */
  peakPages = 0;
  childrenPeakPages = 0;

  constructor(
    pid: number,
    parent: Process | undefined,
    parts: Pick<Process, "memory" | "files" | "fs" | "identity" | "processGroup" | "session" | "limits"> & {
      readonly actions?: (SignalAction | undefined)[];
      /** Absent for the first process of a run. */
      readonly signalQuota?: SignalQuota;
    },
  ) {
    this.pid = pid;
    this.parent = parent;
    this.memory = parts.memory;
    this.files = parts.files;
    this.fs = parts.fs;
    this.#identity = parts.identity;
    this.#credentials = fileCredentials(parts.identity);
    this.processGroup = parts.processGroup;
    this.session = parts.session;
    this.limits = parts.limits;
    this.actions = parts.actions ?? [];
    this.signalQuota = parts.signalQuota ?? new SignalQuota();
    this.pending = new PendingSignals(this.signalQuota);
    parent?.children.add(this);
  }

  get identity(): Identity {
    return this.#identity;
  }

  set identity(identity: Identity) {
    this.#identity = identity;
    this.#credentials = fileCredentials(identity);
  }

  /** What its file permissions are checked with. */
  get credentials(): Credentials {
    return this.#credentials;
  }

  action(signal: number): SignalAction {
    return this.actions[signal] ?? DEFAULT_ACTION;
  }

  get name(): string {
    for (const task of this.tasks) return task.name;
    return "";
  }
}
