import { type Cpu, Register } from "../../vmm/index.ts";
import { LinuxError } from "../errno.ts";
import type { Kernel } from "../kernel.ts";
import { toU64 } from "../memory/wide.ts";
import { NO_ALT_STACK, type Task } from "../process/task.ts";
import { AltStackFlag, altStackFlags, onAltStack } from "./alt-stack.ts";
import { Sa, type SignalAction, type SignalInfo, UNBLOCKABLE } from "./signals.ts";

/*
 * The frame a handler runs on (struct rt_sigframe; asm/ucontext.h, asm/sigcontext.h), from the stack pointer up:
 *   0   return address: the restorer
 *   8   ucontext: flags 8, link 8, stack_t 24, sigcontext 256, sigmask 8
 *   312 siginfo 128
 *   440 end; the FPU image lies above, aligned to 64
 */
const UCONTEXT = 8;
const SIGCONTEXT = UCONTEXT + 40;
const FPSTATE_POINTER = SIGCONTEXT + 184;
const SIGMASK = SIGCONTEXT + 256;
const SIGINFO = SIGMASK + 8;
const FRAME_BYTES = SIGINFO + 128;

/** Bytes below the stack pointer that belong to the interrupted function (System V AMD64 ABI, 3.2.2). */
const RED_ZONE_BYTES = 128;
/** End of the last XSAVE component we enable (AVX-512 Hi16_ZMM, Intel SDM vol. 1, 13.5). */
const XSAVE_BYTES = 2688;
const XSAVE_MAGIC1 = 0x46505853;
const XSAVE_MAGIC2 = 0x46505845;
/** Where software puts its own data in an FXSAVE area (asm/sigcontext.h, struct _fpx_sw_bytes). */
const SW_RESERVED = 464;
const XSTATE_HEADER = 512;
/** x87 and SSE, which every image without an extended state holds (Intel SDM vol. 1, 13.1). */
const XSTATE_LEGACY = 3;
/** Bits of MXCSR that may be set (Intel SDM vol. 1, 10.2.3); others fault on restore. */
const MXCSR_MASK = 0xffff;

/** Order of the general registers in struct sigcontext. */
const CONTEXT_ORDER = [
  Register.r8,
  Register.r9,
  Register.r10,
  Register.r11,
  Register.r12,
  Register.r13,
  Register.r14,
  Register.r15,
  Register.rdi,
  Register.rsi,
  Register.rbp,
  Register.rbx,
  Register.rdx,
  Register.rax,
  Register.rcx,
  Register.rsp,
  Register.rip,
  Register.rflags,
];

/** User code segment selector, as every 64-bit process on Linux sees it. */
const USER_CS = 0x33;
const USER_SS = 0x2b;

/** Builds the frame and points the task at the handler; false when the stack cannot be written. */
export function pushFrame(
  kernel: Kernel,
  task: Task,
  action: SignalAction,
  info: SignalInfo,
  oldMask: bigint,
): boolean {
  const registers = task.registers;
  let top = Number(registers[Register.rsp]);
  const nested = onAltStack(task, top);
  const shownFlags = altStackFlags(task, top);
  if ((action.flags & Sa.onStack) !== 0 && (task.altStack.flags & AltStackFlag.disable) === 0 && !nested)
    top = task.altStack.base + task.altStack.size;
  else top -= RED_ZONE_BYTES;
  const fpu = Math.floor((top - XSAVE_BYTES - 4) / 64) * 64;
  // The handler must find the stack as after a call: RSP + 8 a multiple of 16 (System V AMD64 ABI, 3.2.2).
  const frame = Math.floor((fpu - FRAME_BYTES) / 16) * 16 - 8;
  if (frame < 0) return false;
  const bytes = Buffer.alloc(FRAME_BYTES);
  bytes.writeBigUInt64LE(toU64(action.restorer), 0);
  bytes.writeBigUInt64LE(0x7n, UCONTEXT); // UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS
  bytes.writeBigUInt64LE(toU64(task.altStack.base), UCONTEXT + 16);
  bytes.writeInt32LE(shownFlags, UCONTEXT + 24);
  bytes.writeBigUInt64LE(toU64(task.altStack.size), UCONTEXT + 32);
  CONTEXT_ORDER.forEach((register, i) => bytes.writeBigUInt64LE(registers[register], SIGCONTEXT + 8 * i));
  bytes.writeUInt16LE(USER_CS, SIGCONTEXT + 144);
  bytes.writeUInt16LE(USER_SS, SIGCONTEXT + 150);
  bytes.writeBigUInt64LE(BigInt(task.lastTrap.errorCode), SIGCONTEXT + 152);
  bytes.writeBigUInt64LE(BigInt(task.lastTrap.vector), SIGCONTEXT + 160);
  bytes.writeBigUInt64LE(oldMask, SIGCONTEXT + 168);
  bytes.writeBigUInt64LE(toU64(task.lastTrap.address), SIGCONTEXT + 176);
  bytes.writeBigUInt64LE(toU64(fpu), FPSTATE_POINTER);
  bytes.writeBigUInt64LE(oldMask, SIGMASK);
  encodeSignalInfo(info).copy(bytes, SIGINFO);
  try {
    task.process.memory.user.write(fpu, fpuForUser(kernel, task));
    task.process.memory.user.write(frame, bytes);
  } catch (error) {
    if (error instanceof LinuxError) return false;
    throw error;
  }
  registers[Register.rsp] = BigInt(frame);
  registers[Register.rip] = BigInt(action.handler);
  registers[Register.rdi] = BigInt(info.signal);
  registers[Register.rsi] = BigInt(frame + SIGINFO);
  registers[Register.rdx] = BigInt(frame + UCONTEXT);
  registers[Register.rax] = 0n;
  // Handlers start with direction and trap flag clear, and with the FPU of a new program.
  registers[Register.rflags] &= ~0x500n;
  kernel.setFpu(task, kernel.cpu.initialFpu);
  if ((task.altStack.flags & AltStackFlag.autoDisarm) !== 0) task.altStack = NO_ALT_STACK;
  return true;
}

function fpuForUser(kernel: Kernel, task: Task): Buffer {
  const image = Buffer.alloc(XSAVE_BYTES + 4);
  image.set(kernel.fpuOf(task).subarray(0, XSAVE_BYTES));
  image.writeUInt32LE(XSAVE_MAGIC1, SW_RESERVED);
  image.writeUInt32LE(XSAVE_BYTES + 4, SW_RESERVED + 4);
  image.writeBigUInt64LE(BigInt(kernel.machine.cpu.xstateComponents), SW_RESERVED + 8);
  image.writeUInt32LE(XSAVE_BYTES, SW_RESERVED + 16);
  image.writeUInt32LE(XSAVE_MAGIC2, XSAVE_BYTES);
  return image;
}

/** rt_sigreturn: takes the state back from the frame the stack pointer is at. The bytes are the guest's: nothing is trusted. */
export function popFrame(kernel: Kernel, task: Task): void {
  const { user } = task.process.memory;
  // The restorer was reached by `ret`, which took the return address off.
  const frame = Number(task.registers[Register.rsp]) - 8;
  const bytes = user.read(frame, FRAME_BYTES);
  CONTEXT_ORDER.forEach((register, i) => {
    task.registers[register] = bytes.readBigUInt64LE(SIGCONTEXT + 8 * i);
  });
  task.signalMask = bytes.readBigUInt64LE(SIGMASK) & ~UNBLOCKABLE;
  task.altStack = {
    base: Number(bytes.readBigUInt64LE(UCONTEXT + 16)),
    size: Number(bytes.readBigUInt64LE(UCONTEXT + 32)),
    flags: bytes.readInt32LE(UCONTEXT + 24) & (AltStackFlag.disable | AltStackFlag.autoDisarm),
  };
  const pointer = Number(bytes.readBigUInt64LE(FPSTATE_POINTER));
  if (pointer !== 0) kernel.setFpu(task, sanitiseFpu(user.read(pointer, XSAVE_BYTES), kernel.machine.cpu));
}

/** Makes an FPU image from the guest one that the CPU accepts: bits that are reserved, or that this CPU has no state for, are cleared. */
function sanitiseFpu(image: Buffer, { fpuBytes, xstateComponents }: Cpu): Uint8Array {
  const clean = Buffer.alloc(fpuBytes);
  image.copy(clean);
  const extended = image.readUInt32LE(SW_RESERVED) === XSAVE_MAGIC1;
  clean.fill(0, SW_RESERVED, XSTATE_HEADER);
  clean.writeUInt32LE(image.readUInt32LE(24) & MXCSR_MASK, 24);
  const components = extended ? image.readUInt32LE(XSTATE_HEADER) & xstateComponents : XSTATE_LEGACY;
  clean.fill(0, XSTATE_HEADER, XSTATE_HEADER + 64);
  clean.writeUInt32LE(components, XSTATE_HEADER);
  return clean;
}

/** siginfo_t (asm-generic/siginfo.h): signo, errno, code, then a union by kind of signal. */
export function encodeSignalInfo(info: SignalInfo): Buffer {
  const bytes = Buffer.alloc(128);
  if (info.raw) bytes.set(info.raw);
  bytes.writeInt32LE(info.signal, 0);
  if (info.raw) return bytes;
  bytes.writeInt32LE(info.code, 8);
  if (info.address !== undefined) {
    bytes.writeBigUInt64LE(toU64(info.address), 16);
    return bytes;
  }
  bytes.writeInt32LE(info.pid ?? 0, 16);
  bytes.writeUInt32LE(info.uid ?? 0, 20);
  if (info.value !== undefined) bytes.writeBigUInt64LE(info.value, 24);
  else bytes.writeInt32LE(info.status ?? 0, 24);
  return bytes;
}
