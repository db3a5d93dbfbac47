import { Register, type Trap, Vector } from "../../vmm/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Access } from "../memory/rights.ts";
import type { Task } from "../process/task.ts";
import { FloatingPointCode, floatingPointCode } from "../signals/floating-point.ts";
import { SiCode, Signal } from "../signals/signals.ts";

/** Page fault error code bits (Intel SDM vol. 3, 4.7). */
const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const FAULT_USER = 4;
const FAULT_FETCH = 16;
/** Addresses from here on belong to the kernel on Linux; their faults look like a protection error. */
const KERNEL_HALF = 0x8000_0000_0000;
/** The one byte of the INT1 instruction (Intel SDM vol. 2). */
const INT1 = 0xf1;

/** Signal and code for each exception but the page fault (arch/x86 trap table, as documented in sigaction(2)). */
const SIGNALS: Readonly<Record<number, readonly [signal: number, code: number]>> = {
  [Vector.divideError]: [Signal.SIGFPE, FloatingPointCode.intDivide],
  [Vector.debug]: [Signal.SIGTRAP, SiCode.trapTrace],
  [Vector.breakpoint]: [Signal.SIGTRAP, SiCode.kernel],
  [Vector.overflow]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.boundRange]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.invalidOpcode]: [Signal.SIGILL, SiCode.illegal],
  [Vector.stackFault]: [Signal.SIGBUS, SiCode.kernel],
  [Vector.generalProtection]: [Signal.SIGSEGV, SiCode.kernel],
  [Vector.alignmentCheck]: [Signal.SIGBUS, 1],
};
/** Signals whose address is that of the instruction. */
const AT_INSTRUCTION = new Set<number>([
  Vector.divideError,
  Vector.debug,
  Vector.invalidOpcode,
  Vector.x87,
  Vector.simd,
]);

/** Answers an exception: brings a page in, or raises the signal Linux would. */
export function handleTrap(kernel: Kernel, task: Task, trap: Extract<Trap, { kind: "exception" }>): void {
  const { vector, errorCode } = trap;
  // What was answered inside came before: memory that it gave back is there for this.
  kernel.annex.settle();
  if (vector === Vector.pageFault) {
    handlePageFault(kernel, task, trap.address, errorCode);
    return;
  }
  task.lastTrap = { ...task.lastTrap, vector, errorCode };
  const [signal, code] = signalOf(kernel, task, vector);
  kernel.fault(task, signal, code, AT_INSTRUCTION.has(vector) ? Number(task.registers[Register.rip]) : undefined);
}

function signalOf(kernel: Kernel, task: Task, vector: number): readonly [signal: number, code: number] {
  if (vector === Vector.x87 || vector === Vector.simd)
    return [Signal.SIGFPE, floatingPointCode(vector, kernel.fpuOf(task))];
  if (vector === Vector.debug && isAtInt1(task)) return [Signal.SIGTRAP, SiCode.trapBreakpoint];
  return SIGNALS[vector] ?? [Signal.SIGSEGV, SiCode.kernel];
}

/**
 * INT1 and a single step raise the same exception; DR6, which tells them apart, stays in the VM. Depending on the host, RIP
 * is at INT1 or behind it.
 */
function isAtInt1(task: Task): boolean {
  const rip = Number(task.registers[Register.rip]);
  const { memory } = task.process;
  return [rip - 1, rip].some((address) => {
    const physical = memory.translate(address, false);
    return physical >= 0 && memory.machine.memory.bytes[physical] === INT1;
  });
}

function handlePageFault(kernel: Kernel, task: Task, address: number, errorCode: number): void {
  kernel.diagnostics.faults++;
  task.process.faults++;
  const access: Access =
    (errorCode & FAULT_FETCH) !== 0 ? "execute" : (errorCode & FAULT_WRITE) !== 0 ? "write" : "read";
  const result = task.process.memory.fault(address, access);
  if (result === "handled") return;
  // Our page tables are filled in other moments than Linux's: the present bit says what Linux's would.
  const present = result === "forbidden" || address >= KERNEL_HALF ? FAULT_PRESENT : 0;
  task.lastTrap = {
    vector: Vector.pageFault,
    errorCode: (errorCode & (FAULT_WRITE | FAULT_FETCH)) | FAULT_USER | present,
    address,
  };
  if (result === "unmapped") kernel.fault(task, Signal.SIGSEGV, SiCode.mapError, address);
  if (result === "forbidden") kernel.fault(task, Signal.SIGSEGV, SiCode.accessError, address);
  if (result === "beyond-file") kernel.fault(task, Signal.SIGBUS, SiCode.busAddressError, address);
}
