import { REGISTER_COUNT } from "../../vmm/index.ts";
import { PendingSignals } from "../signals/pending.ts";
import type { Call, Wait } from "../syscalls/call.ts";
import type { Process } from "./process.ts";

/** CPU state of a task that is not on the CPU; at first all registers zero, the FPU as given. */
export class SavedCpu {
  readonly registers = new BigUint64Array(REGISTER_COUNT);
  fs = 0;
  gs = 0;
  readonly #initialFpu: Uint8Array;
  #fpu: Uint8Array | undefined;

  constructor(initialFpu: Uint8Array) {
    this.#initialFpu = initialFpu;
  }

  /** Made when it is first wanted: the only task of a run never leaves the CPU. */
  get fpu(): Uint8Array {
    this.#fpu ??= Uint8Array.from(this.#initialFpu);
    return this.#fpu;
  }
}

/** An alternate signal stack (sigaltstack(2)). */
export interface AltStack {
  readonly base: number;
  readonly size: number;
  readonly flags: number;
}

export const NO_ALT_STACK: AltStack = { base: 0, size: 0, flags: 2 /* SS_DISABLE */ };

/** A thread (Linux: task_struct): registers, signal mask, and what it waits for. */
export class Task {
  /** Changes when execve makes another thread than the first the only one. */
  tid: number;
  readonly process: Process;
  readonly saved: SavedCpu;
  /** The registers to read and write: the CPU's own while this task is on it, else the saved ones. */
  registers: BigUint64Array<ArrayBuffer>;
  registers32: Uint32Array<ArrayBuffer>;
  /** Blocked signals. */
  signalMask = 0n;
  /** The mask to come back to after a handler that ends sigsuspend, ppoll or the like. */
  restoreMask: bigint | undefined;
  readonly pending: PendingSignals;
  altStack = NO_ALT_STACK;
  /** Set while the task sleeps in a system call. */
  wait: Wait | undefined;
  /** The sleeping call, to be made again. */
  call: Call | undefined;
  /** Address to clear and wake when the thread ends (set_tid_address(2)). */
  clearChildTid = 0;
  robustList = 0;
  /** Nice value, -20 to 19; kept and shown, turns are equally long for all (sched(7)). */
  nice = 0;
  name: string;
  ended = false;
  /** The last exception it caused, as its signal handlers see it (struct sigcontext). */
  lastTrap: { readonly vector: number; readonly errorCode: number; readonly address: number } = {
    vector: 0,
    errorCode: 0,
    address: 0,
  };

  constructor(tid: number, process: Process, saved: SavedCpu, name: string) {
    this.tid = tid;
    this.process = process;
    this.pending = new PendingSignals(process.signalQuota);
    this.saved = saved;
    this.registers = saved.registers;
    this.registers32 = new Uint32Array(saved.registers.buffer);
    this.name = name;
  }

  /** True when a signal is pending that this task does not block. */
  get signalled(): boolean {
    // Asked at every step: nothing pending at all is the usual answer, and costs no big number.
    if (this.pending.mask === 0n && this.process.pending.mask === 0n) return false;
    return ((this.pending.mask | this.process.pending.mask) & ~this.signalMask) !== 0n;
  }

  /** Writes RAX: a system call's answer. */
  setResult(value: number): void {
    this.registers32[0] = value;
    this.registers32[1] = Math.floor(value / 0x1_0000_0000);
  }
}
