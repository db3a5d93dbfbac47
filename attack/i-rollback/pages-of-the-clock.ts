import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "The pages that show the time cannot be changed for the next run.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: `for line in open('/proc/self/maps'):
  if 'vvar' in line or 'vdso' in line:
    a, b = [int(x, 16) for x in line.split()[0].split('-')]
    libc.mprotect(ctypes.c_long(a), ctypes.c_long(b - a), 7)
    if os.fork() == 0: ctypes.memset(a, 0, b - a)`,
      look: "print(0 < time.time() - 1.6e9 < 3e9, time.monotonic() > 0, abs(time.clock_gettime(0) - time.time()) < 1)",
    }),
};
