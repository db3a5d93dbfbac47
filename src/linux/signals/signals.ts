/** Signal numbers of x86-64 Linux (signal(7)). */
export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export const SIGNAL_MAX = 64;

const NAMES = new Map<number, string>(Object.entries(Signal).map(([name, number]) => [number, name]));

export function signalName(signal: number): string {
  return NAMES.get(signal) ?? `SIGRTMIN+${signal - 34}`;
}

/** The bit of a signal in a signal set. */
export const bit = (signal: number): bigint => 1n << BigInt(signal - 1);

/** Signals that cannot be caught, blocked or ignored. */
export const UNBLOCKABLE = bit(Signal.SIGKILL) | bit(Signal.SIGSTOP);

const DEFAULT_IGNORED = new Set<number>([Signal.SIGCHLD, Signal.SIGURG, Signal.SIGWINCH, Signal.SIGCONT]);
const DEFAULT_STOP = new Set<number>([Signal.SIGSTOP, Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU]);
const DEFAULT_CORE = new Set<number>([
  Signal.SIGQUIT,
  Signal.SIGILL,
  Signal.SIGTRAP,
  Signal.SIGABRT,
  Signal.SIGBUS,
  Signal.SIGFPE,
  Signal.SIGSEGV,
  Signal.SIGXCPU,
  Signal.SIGXFSZ,
  Signal.SIGSYS,
]);

/** What a signal does when nobody handles it (signal(7), "Standard signals"). */
export function defaultAction(signal: number): "ignore" | "stop" | "terminate" | "core" {
  if (DEFAULT_IGNORED.has(signal)) return "ignore";
  if (DEFAULT_STOP.has(signal)) return "stop";
  return DEFAULT_CORE.has(signal) ? "core" : "terminate";
}

/** Handler values (asm-generic/signal-defs.h). */
export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** sigaction flags (asm/signal.h). */
export const Sa = {
  noChildStop: 1,
  noChildWait: 2,
  siginfo: 4,
  onStack: 0x0800_0000,
  restart: 0x1000_0000,
  noDefer: 0x4000_0000,
  resetHandler: 0x8000_0000,
  restorer: 0x0400_0000,
} as const;

/** si_code values (asm-generic/siginfo.h). */
export const SiCode = {
  user: 0,
  kernel: 0x80,
  timer: -2,
  tkill: -6,
  mapError: 1,
  accessError: 2,
  busAddressError: 2,
  illegal: 2,
  trapBreakpoint: 1,
  trapTrace: 2,
  childExited: 1,
  childKilled: 2,
  childDumped: 3,
  childStopped: 5,
  childContinued: 6,
} as const;

/** Stop signals: they and SIGCONT discard each other (signal(7)). */
export const STOPS = bit(Signal.SIGSTOP) | bit(Signal.SIGTSTP) | bit(Signal.SIGTTIN) | bit(Signal.SIGTTOU);

/** What accompanies a signal (sigaction(2), siginfo_t). */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  readonly pid?: number;
  readonly uid?: number;
  /** Faulting address. */
  readonly address?: number;
  readonly status?: number;
  readonly value?: bigint;
  /** The whole siginfo_t, when the sender wrote it (rt_sigqueueinfo(2)). */
  readonly raw?: Uint8Array;
  /** Asked when the signal leaves the queue: what a timer reports depends on when that is. */
  readonly taken?: () => SignalInfo;
}

/** How a process handles one signal (struct sigaction). */
export interface SignalAction {
  readonly handler: number;
  /** Unsigned 32 bits. */
  readonly flags: number;
  readonly restorer: number;
  readonly mask: bigint;
}

export const DEFAULT_ACTION: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };
