import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 20,
  must: "A mapping at a place of its own choosing is not there in the next run.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "a = libc.mmap(ctypes.c_long(0x100000000), 4096, 3, 0x32, -1, 0); ctypes.memset(a, 65, 4096); b = bytearray(b'trace' * 100000); globals()['kept'] = b",
      look: "print('100000000' in open('/proc/self/maps').read(), 'kept' in globals(), len(open('/proc/self/maps').readlines()))",
    }),
};
