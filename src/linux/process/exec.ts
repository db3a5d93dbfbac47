import { Register } from "../../vmm/index.ts";
import type { Kernel } from "../kernel.ts";
import type { LoadedProgram } from "../loader/program.ts";
import { SIG_IGN } from "../signals/signals.ts";
import { afterExec } from "./identity.ts";
import { dropPosixTimers } from "./interval-timers.ts";
import { ProgramStrings } from "./program-strings.ts";
import { NO_ALT_STACK, type Task } from "./task.ts";

/** Interrupts enabled and the always-one bit: RFLAGS of a new program. */
const INITIAL_RFLAGS = 0x202n;
/** Length of a thread name with its null (TASK_COMM_LEN, linux/sched.h). */
const NAME_BYTES = 16;

/** Points a task, fresh or in execve, at the start of a loaded program. The process's old memory is the caller's to release. */
export function startAt(kernel: Kernel, task: Task, loaded: LoadedProgram, environment: readonly string[]): void {
  const { process } = task;
  process.memory = loaded.memory;
  process.executable = loaded.executable;
  process.executablePath = undefined;
  process.identity = afterExec(process.identity);
  process.strings.release();
  process.strings = new ProgramStrings(loaded.argv, environment, kernel.allowance);
  task.name = loaded.executable.name.slice(0, NAME_BYTES - 1);
  task.registers.fill(0n);
  task.registers[Register.rip] = BigInt(loaded.entry);
  task.registers[Register.rsp] = BigInt(loaded.stackPointer);
  task.registers[Register.rflags] = INITIAL_RFLAGS;
  task.altStack = NO_ALT_STACK;
  task.clearChildTid = 0;
  task.robustList = 0;
  kernel.setFpu(task, kernel.cpu.initialFpu);
  kernel.setSegmentBases(task, 0, 0);
  dropPosixTimers(process);
  // Handlers are gone with the old program; what was ignored stays ignored (execve(2)).
  process.actions = process.actions.map((action) =>
    action?.handler === SIG_IGN ? { ...action, flags: 0, mask: 0n } : undefined,
  );
}
