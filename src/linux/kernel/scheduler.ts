import { threadCpuMs } from "../../vmm/index.ts";
import type { Watch } from "../allowance.ts";
import { LinuxError } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { asLimit, type LimitName, LimitReached } from "../limits.ts";
import type { Process } from "../process/process.ts";
import type { Task } from "../process/task.ts";
import { deliver } from "../signals/delivery.ts";
import { signalName } from "../signals/signals.ts";
import type { Wait } from "../syscalls/call.ts";
import { handleTrap } from "./traps.ts";

/** What a thread counts as memory beside its pages: registers, vector state and tables (a kernel stack on Linux, THREAD_SIZE). */
const TASK_BYTES = 16_384;
/** How often a running guest is interrupted: short enough for fair turns and prompt cancelling, at about 1 % cost. */
const TICK_MS = 10;
/** Longest sleep while everything in the guest waits: how late a cancellation may be noticed. */
const IDLE_MS_MAX = 10;

/** What the caller of a run may do while it goes on. */
export interface Control {
  /** Asked at each tick. */
  poll(): "continue" | "cancel";
  /** Sleeps while everything in the guest waits, until something comes for it or time is up. Default: time. */
  sleep?(ms: number): void;
  /** Return `waiting` when every task sleeps and one of them wants the job. */
  readonly untilJobWanted?: boolean;
}

/** How a run ended. */
export type GuestEnding =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string; readonly number: number }
  | { readonly kind: "limit"; readonly limit: LimitName }
  | { readonly kind: "cancelled" }
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly reason: string };

/** CPU time without a system call after which a run of counted time lets time pass, so that others get their turn. */
const STALL_MS = 1000;
/** Time after which the CPU clock is read again; until then no more CPU time than that can have been used. */
const CHARGE_MS = 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Thrown inside a long call when the run was cancelled. */
class Cancelled {}

/** Puts tasks on the one CPU in turn, wakes sleepers, and watches time. */
export class Scheduler implements Watch {
  readonly #kernel: Kernel;
  readonly #tasks: Task[] = [];
  /** The task whose registers are in the CPU. */
  current: Task | undefined;
  #loadedRoot = -1;
  #rotate = false;
  #startedMs = 0;
  /** When the turn of the current task is over, on the run's own clock. */
  #turnEndMs = 0;
  /** CPU time used since the last system call; undefined until the first tick behind it. */
  #computedMs: number | undefined;
  #cpuMs = 0;
  /** When CPU time was charged last, and what this thread's CPU clock showed then. */
  #chargedAtMs = 0;
  #chargedCpuMs = 0;
  #control: Control | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** CPU time the guest and its system calls took so far, in milliseconds. */
  get cpuMs(): number {
    return this.#cpuMs;
  }

  /** How long the run has taken so far, in milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** When a turn ends or a sleeper awakes, on the run's own clock. */
  get dueMs(): number {
    return Math.min(this.#turnEndMs, ...this.#tasks.map(({ wait }) => wait?.deadlineMs ?? Number.POSITIVE_INFINITY));
  }

  get taskCount(): number {
    return this.#tasks.length;
  }

  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /** Ends the run when it may have no further process or thread. */
  checkRoom(): void {
    // Ended processes nobody waited for count as well, as for RLIMIT_NPROC: they too hold memory.
    let count = this.#tasks.length;
    for (const process of this.#kernel.processes.values()) if (process.exit) count++;
    if (count >= this.#kernel.limits.processes) throw new LimitReached("processes");
  }

  add(task: Task): void {
    this.#kernel.allowance.charge(TASK_BYTES);
    this.#tasks.push(task);
  }

  remove(task: Task): void {
    const index = this.#tasks.indexOf(task);
    if (index >= 0) {
      this.#tasks.splice(index, 1);
      this.#kernel.allowance.refund(TASK_BYTES);
    }
    if (this.current === task) {
      // With the first process the run ends, and nobody asks any more.
      if (this.#kernel.main?.exit === undefined) this.charge();
      this.current = undefined;
      this.#loadedRoot = -1;
    }
  }

  /** Says that the CPU already holds this task's state (after a restore). */
  adopt(task: Task): void {
    this.current = task;
    this.#loadedRoot = task.process.memory.tables.root;
    task.registers = this.#kernel.cpu.registers;
    task.registers32 = this.#kernel.cpu.registers32;
  }

  run(control: Control): GuestEnding {
    const { machine, allowance } = this.#kernel;
    this.#control = control;
    allowance.watch = this;
    this.#startedMs = this.#chargedAtMs = performance.now();
    this.#chargedCpuMs = threadCpuMs();
    machine.startTimer(TICK_MS);
    try {
      for (;;) {
        const outcome = this.#step(control);
        if (outcome) return outcome;
      }
    } catch (error) {
      const limit = asLimit(error);
      if (limit instanceof LimitReached) return { kind: "limit", limit: limit.limit };
      if (error instanceof Cancelled) return { kind: "cancelled" };
      throw error;
    } finally {
      allowance.watch = undefined;
      machine.stopTimer();
    }
  }

  /** For long calls: throws when the run is over before they are. */
  look(): void {
    this.#account();
    if (this.#control?.poll() === "cancel") throw new Cancelled();
  }

  #step(control: Control): GuestEnding | undefined {
    const { main } = this.#kernel;
    if (main?.exit) return outcomeOf(main);
    const now = this.#account();
    const task = this.#next(now);
    if (!task) return this.#kernel.main?.exit ? undefined : this.#idle(control, now);
    this.#switchTo(task);
    if (task.signalled) {
      deliver(this.#kernel, task);
      if (task.ended || task.wait || task.process.stopped) return undefined;
    }
    this.#kernel.annex.prepare(task);
    const trap = this.#kernel.cpu.run();
    if (trap.kind === "syscall") this.#enterCall(task);
    else if (trap.kind === "interrupted") return this.#tick(control);
    else if (trap.kind === "fatal") return { kind: "failed", reason: trap.reason };
    else handleTrap(this.#kernel, task, trap);
    return undefined;
  }

  /**
   * Charges the CPU time since it was last charged to the process that runs: what this thread's clock says, so that a busy
   * host makes nothing dearer. The guest's own computing and what we do for its system calls count alike, as user time.
   * Returns it in milliseconds.
   */
  charge(now = performance.now()): number {
    const cpuMs = threadCpuMs();
    const spent = cpuMs - this.#chargedCpuMs;
    this.#chargedCpuMs = cpuMs;
    this.#chargedAtMs = now;
    this.#cpuMs += spent;
    if (this.current && !this.#kernel.clock.isVirtual) this.current.process.cpuMs += spent;
    return spent;
  }

  /**
   * Checks the time limits. They are on the host's clocks even where the guest's is counted; there pauses, which take none of
   * the host's time, have the wall limit for themselves. Returns the run's own time in milliseconds.
   */
  #account(): number {
    const now = performance.now();
    const { limits, clock } = this.#kernel;
    if (now - this.#chargedAtMs >= CHARGE_MS) this.charge(now);
    if (clock.isVirtual && this.current) this.current.process.cpuMs += clock.takeSpentMs();
    if (this.#cpuMs > limits.cpuMs) throw new LimitReached("cpu");
    if (now - this.#startedMs > limits.wallMs) throw new LimitReached("wall");
    if (!clock.isVirtual) return now;
    if (clock.skippedMs > limits.wallMs) throw new LimitReached("wall");
    return clock.nowMs();
  }

  #tick(control: Control): GuestEnding | undefined {
    if (this.#kernel.clock.isVirtual) this.#notice();
    else this.#rotate = true;
    if (control.poll() === "cancel") return { kind: "cancelled" };
    this.#kernel.network.egress.exchange();
    return undefined;
  }

  /** Counted time moves with system calls, and so do turns. */
  #enterCall(task: Task): void {
    const { clock } = this.#kernel;
    this.#computedMs = undefined;
    // What was answered inside came before.
    this.#kernel.annex.settle();
    this.#kernel.enterCall(task);
    if (!clock.isVirtual || clock.nowMs() < this.#turnEndMs) return;
    this.#turnEndMs = clock.nowMs() + TICK_MS;
    this.#rotate = true;
  }

  /**
   * A tick of the host's clock in a run of counted time changes nothing, unless the guest has computed for long while others
   * wait for their turn or for a timer: then time passes as it did, and the run cannot be repeated exactly.
   */
  #notice(): void {
    const { clock, timers, diagnostics } = this.#kernel;
    const spent = this.charge();
    this.#computedMs = this.#computedMs === undefined ? 0 : this.#computedMs + spent;
    if (!clock.isVirtual || this.#computedMs < STALL_MS) return;
    if (this.#tasks.length < 2 && timers.size === 0) return;
    clock.pass(spent);
    this.#rotate = true;
    diagnostics.notRepeatable =
      "A program computed for a second while others waited; when they went on was left to the host";
  }

  /** The task to run now: the current one until it sleeps or its turn is over, then the next in order. */
  #next(now: number): Task | undefined {
    if (this.#kernel.timers.size > 0) this.#kernel.timers.fire(now);
    if (this.#tasks.length > 1 || !this.current || this.current.wait) this.#wake(now);
    const { current } = this;
    if (current && !this.#rotate && isRunnable(current)) return current;
    this.#rotate = false;
    const start = current ? this.#tasks.indexOf(current) + 1 : 0;
    for (let i = 0; i < this.#tasks.length; i++) {
      const task = this.#tasks[(start + i) % this.#tasks.length];
      if (isRunnable(task)) return task;
    }
    return undefined;
  }

  /** Lets sleepers whose wait is over, or who got a signal, go on. */
  #wake(now: number): void {
    for (const task of [...this.#tasks]) {
      if (!task.wait || task.process.stopped) continue;
      this.#kernel.callingTask = task;
      // A call that can go on does; a signal that came with it finds it done.
      if (isReady(task.wait) || task.wait.deadlineMs <= now) this.#retry(task);
      if (task.wait && task.signalled) deliver(this.#kernel, task);
    }
  }

  #retry(task: Task): void {
    const { call } = task;
    if (!call) return;
    // The handler decides anew whether it must wait.
    task.wait = undefined;
    this.#kernel.perform(task, call);
  }

  /** Nothing can run: sleep until the next deadline, or say that the job is wanted. */
  #idle(control: Control, now: number): GuestEnding | undefined {
    if (control.untilJobWanted && this.#kernel.job.waiting) return { kind: "waiting" };
    if (control.poll() === "cancel") return { kind: "cancelled" };
    // Whoever waited for what has come goes on.
    if (this.#kernel.network.egress.exchange()) return undefined;
    const { clock, limits } = this.#kernel;
    let deadline = limits.wallMs + 1 + (clock.isVirtual ? now - clock.skippedMs : this.#startedMs);
    for (const task of this.#tasks) if (task.wait) deadline = Math.min(deadline, task.wait.deadlineMs);
    deadline = Math.min(deadline, this.#kernel.timers.nextDeadlineMs);
    if (clock.skipTo(deadline)) return undefined;
    const sleepMs = Math.min(deadline - now, IDLE_MS_MAX);
    if (sleepMs > 0) control.sleep === undefined ? Atomics.wait(sleeper, 0, 0, sleepMs) : control.sleep(sleepMs);
    return undefined;
  }

  #switchTo(task: Task): void {
    const { cpu, diagnostics } = this.#kernel;
    const { root } = task.process.memory.tables;
    if (this.current !== task) {
      if (this.current?.process !== task.process) this.charge();
      diagnostics.switches++;
      if (this.current) {
        this.current.process.switches[this.current.wait ? "voluntary" : "forced"]++;
        this.#save(this.current);
      }
      cpu.registers.set(task.saved.registers);
      cpu.writeFpu(task.saved.fpu);
      cpu.writeSegmentBases(task.saved.fs, task.saved.gs);
      task.registers = cpu.registers;
      task.registers32 = cpu.registers32;
      this.current = task;
    }
    if (this.#loadedRoot !== root) {
      cpu.loadAddressSpace(root);
      this.#loadedRoot = root;
    }
  }

  #save(task: Task): void {
    const { cpu } = this.#kernel;
    const bases = cpu.readSegmentBases();
    task.saved.registers.set(cpu.registers);
    cpu.readFpu(task.saved.fpu);
    task.saved.fs = bases.fs;
    task.saved.gs = bases.gs;
    task.registers = task.saved.registers;
    task.registers32 = new Uint32Array(task.saved.registers.buffer);
  }
}

/** A wait whose ground is gone, such as a descriptor another thread closed, is over: the call itself then finds the error. */
function isReady(wait: Wait): boolean {
  try {
    return wait.ready();
  } catch (error) {
    if (error instanceof LinuxError) return true;
    throw error;
  }
}

function isRunnable(task: Task): boolean {
  return !task.wait && !task.ended && !task.process.stopped;
}

function outcomeOf(main: Process): GuestEnding {
  const { exit } = main;
  if (exit?.kind === "signaled") return { kind: "signaled", signal: signalName(exit.signal), number: exit.signal };
  return { kind: "exited", code: exit?.code ?? 0 };
}
