import { functionAddress, gettid, hostError, sigaction, timerCreate, timerDelete, timerSettime } from "./libc.ts";

/** asm/signal.h, linux/time.h, asm-generic/siginfo.h */
const SIGUSR2 = 12;
const CLOCK_MONOTONIC = 1;
const SIGEV_THREAD_ID = 4;
/** glibc's `struct sigaction`: handler, 128-byte mask, flags, restorer. */
const SIGACTION_SIZE = 152;
/** `struct sigevent` (64 bytes) and where its signal, notify and thread id are. */
const SIGEVENT_SIZE = 64;

const DISARMED = interval(0);

let handlerInstalled = false;

/**
 * Gives SIGUSR2 a handler that does nothing, outside Node's own signal handling: the signal exists only to make KVM_RUN
 * return, and libuv's handler would write to a pipe and wake the event loop each time.
 */
function installHandler(): void {
  if (handlerInstalled) return;
  const action = new Uint8Array(SIGACTION_SIZE);
  // SAFETY: `abs(int)` takes the signal number as an int, touches no memory and is async-signal-safe. Flags are 0, so no
  // SA_RESTART: system calls of this thread see EINTR, which Node and this package handle. Rule (a) for the struct.
  new DataView(action.buffer).setBigUint64(0, functionAddress("abs"), true);
  if (sigaction(SIGUSR2, action, null) !== 0) throw hostError("sigaction(SIGUSR2)");
  handlerInstalled = true;
}

/** A periodic signal to the thread that starts it (timer_create(2), SIGEV_THREAD_ID). */
export class PreemptionTimer {
  #timer: number | undefined;
  /** The last one set, made once for all runs. */
  #interval: { readonly ms: number; readonly spec: Uint8Array } | undefined;

  /** Makes the timer for the calling thread, so that {@link start} has only to set it. */
  prepare(): number {
    installHandler();
    this.#timer ??= create();
    return this.#timer;
  }

  start(intervalMs: number): void {
    const timer = this.prepare();
    if (this.#interval?.ms !== intervalMs) this.#interval = { ms: intervalMs, spec: interval(intervalMs) };
    // SAFETY: `timer` is a live timer of this process; the struct is read during the call (rule a).
    if (timerSettime(timer, 0, this.#interval.spec, null) !== 0) throw hostError("timer_settime");
  }

  stop(): void {
    if (this.#timer === undefined) return;
    // SAFETY: as above; zero disarms.
    timerSettime(this.#timer, 0, DISARMED, null);
  }

  close(): void {
    if (this.#timer === undefined) return;
    // SAFETY: the timer is forgotten at once, so it is deleted exactly once.
    timerDelete(this.#timer);
    this.#timer = undefined;
  }
}

function create(): number {
  const event = new DataView(new ArrayBuffer(SIGEVENT_SIZE));
  event.setInt32(8, SIGUSR2, true);
  event.setInt32(12, SIGEV_THREAD_ID, true);
  event.setInt32(16, gettid(), true);
  const id = new DataView(new ArrayBuffer(8));
  // SAFETY: both structs are used during the call only (rule a); glibc's timer_t for SIGEV_THREAD_ID is the kernel's id.
  if (timerCreate(CLOCK_MONOTONIC, new Uint8Array(event.buffer), new Uint8Array(id.buffer)) !== 0) {
    throw hostError("timer_create");
  }
  return Number(id.getBigUint64(0, true));
}

/** `struct itimerspec` with the same first delay and period. */
function interval(milliseconds: number): Uint8Array {
  const spec = new DataView(new ArrayBuffer(32));
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.round((milliseconds - seconds * 1000) * 1e6);
  for (const offset of [0, 16]) {
    spec.setBigInt64(offset, BigInt(seconds), true);
    spec.setBigInt64(offset + 8, BigInt(nanoseconds), true);
  }
  return new Uint8Array(spec.buffer);
}
