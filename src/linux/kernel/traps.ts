import { type Trap, Vector } from "../../vmm/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Access } from "../memory/address-space.ts";
import type { Task } from "../process/task.ts";
import { SiCode, Signal } from "../signals/signals.ts";

/** Page fault error code bits (Intel SDM vol. 3, 4.7). */
const FAULT_WRITE = 2;
const FAULT_FETCH = 16;

/** FPE_FLTINV, the catch-all of floating-point faults (asm-generic/siginfo.h). */
const FLOATING_POINT_INVALID = 7;

/** Signal and code for each exception but the page fault (arch/x86 trap table, as documented in sigaction(2)). */
const SIGNALS: Readonly<Record<number, readonly [signal: number, code: number]>> = {
  [Vector.divideError]: [Signal.SIGFPE, SiCode.divide],
  [Vector.debug]: [Signal.SIGTRAP, SiCode.trapTrace],
  [Vector.breakpoint]: [Signal.SIGTRAP, SiCode.kernel],
  [Vector.overflow]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.boundRange]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.invalidOpcode]: [Signal.SIGILL, SiCode.illegal],
  [Vector.stackFault]: [Signal.SIGBUS, SiCode.kernel],
  [Vector.generalProtection]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.x87]: [Signal.SIGFPE, FLOATING_POINT_INVALID],
  [Vector.alignmentCheck]: [Signal.SIGBUS, 1],
  [Vector.simd]: [Signal.SIGFPE, FLOATING_POINT_INVALID],
};

/** Answers an exception: brings a page in, or raises the signal Linux would. */
export function handleTrap(kernel: Kernel, task: Task, trap: Extract<Trap, { kind: "exception" }>): void {
  if (trap.vector === Vector.pageFault) {
    handlePageFault(kernel, task, trap.address, trap.errorCode);
    return;
  }
  const [signal, code] = SIGNALS[trap.vector] ?? [Signal.SIGSEGV, SiCode.kernel];
  const address = signal === Signal.SIGFPE || signal === Signal.SIGILL ? Number(task.registers[16]) : 0;
  kernel.fault(task, signal, code, address);
}

function handlePageFault(kernel: Kernel, task: Task, address: number, errorCode: number): void {
  kernel.diagnostics.faults++;
  const access: Access = (errorCode & FAULT_FETCH) !== 0 ? "execute" : (errorCode & FAULT_WRITE) !== 0 ? "write" : "read";
  const result = task.process.memory.fault(address, access);
  if (result === "unmapped") kernel.fault(task, Signal.SIGSEGV, SiCode.mapError, address);
  if (result === "forbidden") kernel.fault(task, Signal.SIGSEGV, SiCode.accessError, address);
  if (result === "beyond-file") kernel.fault(task, Signal.SIGBUS, SiCode.busAddressError, address);
}
