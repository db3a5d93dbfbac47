import { encodeSignalInfo } from "./frame.ts";
import { SiCode, Signal, type SignalInfo } from "./signals.ts";

/** Size of struct signalfd_siginfo (linux/signalfd.h). */
export const SIGNALFD_INFO_BYTES = 128;

/** struct signalfd_siginfo: what siginfo_t holds, each field at a place of its own (signalfd(2)). */
export function encodeSignalfdInfo(info: SignalInfo): Buffer {
  const from = encodeSignalInfo(info);
  const bytes = Buffer.alloc(SIGNALFD_INFO_BYTES);
  from.copy(bytes, 0, 0, 4);
  from.copy(bytes, 4, 4, 12);
  if (info.address !== undefined) {
    from.copy(bytes, 72, 16, 24);
    return bytes;
  }
  if (info.code === SiCode.timer) {
    from.copy(bytes, 24, 16, 20);
    from.copy(bytes, 32, 20, 24);
  } else {
    from.copy(bytes, 12, 16, 24);
  }
  if (info.signal === Signal.SIGCHLD) from.copy(bytes, 40, 24, 28);
  else if (info.raw || info.value !== undefined) {
    from.copy(bytes, 44, 24, 28);
    from.copy(bytes, 48, 24, 32);
  }
  return bytes;
}
