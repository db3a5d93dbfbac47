import { fail } from "../errno.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import { PidFile } from "../files/pid-file.ts";
import { SignalFile } from "../files/signal-file.ts";
import type { Process } from "../process/process.ts";
import { UNBLOCKABLE } from "../signals/signals.ts";
import { ProcessDirectory } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { sendToProcess } from "./signals.ts";
import { refused } from "./standing.ts";

function signalfd(call: Call, flags: number): number {
  if (call.unsigned(2) !== 8 || (flags & ~(Open.closeOnExec | Open.nonBlock)) !== 0) fail("EINVAL");
  const mask = call.memory.read(call.unsigned(1), 8).readBigUInt64LE() & ~UNBLOCKABLE;
  const { files } = call.process;
  if (call.int(0) === -1) {
    const { kernel } = call;
    const file = new SignalFile(mask, flags, () => kernel.callingTask);
    return files.install(file, (flags & Open.closeOnExec) !== 0);
  }
  const file = files.get(call.int(0));
  if (!(file instanceof SignalFile)) return fail("EINVAL");
  file.mask = mask;
  return call.int(0);
}

function pidfdOpen(call: Call): number {
  const pid = call.int(0);
  const flags = call.int(1);
  if (pid <= 0 || (flags & ~Open.nonBlock) !== 0) fail("EINVAL");
  const process = call.kernel.processes.get(pid) ?? fail("ESRCH");
  return call.process.files.install(new PidFile(process, flags), true);
}

function pidfdSendSignal(call: Call): number {
  if (call.int(3) !== 0) fail("EINVAL");
  return sendToProcess(call, processOf(call, call.process.files.get(call.int(0))), call.int(1), call.unsigned(2));
}

/** A process that was waited for is gone, though the descriptor still names it. */
function processOf({ kernel: { processes } }: Call, file: OpenFile): Process {
  const inode = file.location?.inode;
  if (inode instanceof ProcessDirectory) return processes.get(inode.pid) ?? fail("ESRCH");
  if (!(file instanceof PidFile)) return fail("EBADF");
  return processes.get(file.process.pid) === file.process ? file.process : fail("ESRCH");
}

export const signalFileCalls: SyscallTable = {
  signalfd: (call) => signalfd(call, 0),
  signalfd4: (call) => signalfd(call, call.int(3)),
  pidfd_open: pidfdOpen,
  pidfd_send_signal: pidfdSendSignal,
  // Taking another process's descriptor needs the right to trace it.
  pidfd_getfd: refused("EPERM", "one process does not reach into another"),
};
