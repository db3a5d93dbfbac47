import { fail } from "../errno.ts";
import { toU64 } from "../memory/wide.ts";
import { NO_ALT_STACK, type Task } from "../process/task.ts";
import type { Call } from "../syscalls/call.ts";

/** sigaltstack flags (linux/signal.h). */
export const AltStackFlag = { onStack: 1, disable: 2, autoDisarm: 1 << 31 } as const;
/** Smallest stack accepted (MINSIGSTKSZ, asm/signal.h). */
const MIN_BYTES = 2048;

/** True while the task runs on its alternate stack; one that disarms itself never counts (sigaltstack(2)). */
export function onAltStack(task: Task, stackPointer: number): boolean {
  const { base, size, flags } = task.altStack;
  if ((flags & (AltStackFlag.disable | AltStackFlag.autoDisarm)) !== 0) return false;
  return stackPointer > base && stackPointer <= base + size;
}

/** The flags as programs see them. */
export function altStackFlags(task: Task, stackPointer: number): number {
  return onAltStack(task, stackPointer) ? AltStackFlag.onStack : task.altStack.flags;
}

export function sigaltstack(call: Call): number {
  const { task } = call;
  const old = task.altStack;
  const stackPointer = Number(task.registers[6]);
  const shownFlags = altStackFlags(task, stackPointer);
  if (call.unsigned(0) !== 0) {
    const bytes = call.memory.read(call.unsigned(0), 24);
    if (onAltStack(task, stackPointer)) fail("EPERM");
    const flags = bytes.readInt32LE(8);
    const mode = flags & ~AltStackFlag.autoDisarm;
    const size = Number(bytes.readBigUInt64LE(16));
    if (mode !== 0 && mode !== AltStackFlag.onStack && mode !== AltStackFlag.disable) fail("EINVAL");
    if (mode !== AltStackFlag.disable && size < MIN_BYTES) fail("ENOMEM");
    const base = Number(bytes.readBigUInt64LE(0));
    task.altStack =
      mode === AltStackFlag.disable ? NO_ALT_STACK : { base, size, flags: flags & AltStackFlag.autoDisarm };
  }
  if (call.unsigned(1) !== 0) {
    const bytes = Buffer.alloc(24);
    bytes.writeBigUInt64LE(toU64(old.base), 0);
    bytes.writeInt32LE(shownFlags, 8);
    bytes.writeBigUInt64LE(toU64(old.size), 16);
    call.memory.write(call.unsigned(1), bytes);
  }
  return 0;
}
