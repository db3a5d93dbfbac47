import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const CODE = `
import ctypes, socket
libc = ctypes.CDLL(None)
for family, count in ((socket.AF_INET, 3000), (socket.AF_INET6, 3000)):
  for i in range(count):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
      try: s.connect((f"192.0.{i >> 8}.{i & 255}" if family == socket.AF_INET else f"2001:db8::{i:x}", i + 1))
      except OSError: pass
for number in range(500, 5000): libc.syscall(number, 0)
for number in (-1, 1 << 30, 2**31 - 1): libc.syscall(ctypes.c_long(number), 0)
print("done")
`;

export const attack: Attack = {
  promise: 16,
  must: "Thousands of addresses and unknown system calls make a bounded list of names that are theirs, and no cell is taken for a hostile one.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    const result = await sandbox.run({ tool: "python", code: CODE });
    assert.equal(result.stdoutText, "done\n");
    const { egressAttempts, unknownSyscalls } = result.diagnostics;
    for (const counts of [egressAttempts, unknownSyscalls]) {
      const names = Object.keys(counts);
      assert.ok(names.length > 10 && names.length <= 64, `${names.length}`);
      for (const name of names) assert.match(name, /^[\x20-\x7e]{1,80}$/);
    }
    sandbox.assertNoCellLost();
  },
};
