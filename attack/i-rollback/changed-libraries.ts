import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Code and constants that a run changed in its copy of a library are whole in the next.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave: `p = ctypes.cast(libc.getppid, ctypes.c_void_p).value & ~4095
assert libc.mprotect(ctypes.c_long(p), 4096, 7) == 0
ctypes.memset(p, 0xcc, 4096)`,
      look: `import hashlib
p = ctypes.cast(libc.getppid, ctypes.c_void_p).value & ~4095
print(hashlib.sha256(ctypes.string_at(p, 4096)).hexdigest(), libc.getppid())`,
    }),
};
