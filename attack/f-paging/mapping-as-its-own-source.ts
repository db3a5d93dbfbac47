import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
f = os.memfd_create("f")
os.write(f, bytes(range(256)) * 64)
at = mmap(4 * PAGE, flags=SHARED, fd=f)
before = os.pread(f, 4 * PAGE, 0)
libc.pwrite(f, ctypes.c_void_p(at + 100), ctypes.c_size_t(PAGE), ctypes.c_long(2 * PAGE))
libc.pread(f, ctypes.c_void_p(at + PAGE), ctypes.c_size_t(50), ctypes.c_long(10))
expected = bytearray(before)
expected[2 * PAGE : 3 * PAGE] = before[100 : 100 + PAGE]
expected[PAGE : PAGE + 50] = before[10:60]
print(os.pread(f, 4 * PAGE, 0) == expected, get(at, 4 * PAGE) == expected)
os.ftruncate(f, 0)
print(libc.pwrite(f, ctypes.c_void_p(at), ctypes.c_size_t(10), ctypes.c_long(0)), os.fstat(f).st_size)
`;

export const attack: Attack = {
  promise: 52,
  must: "Calls that read and write a file through a mapping of that file leave what they would leave on Linux.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "True True\n-1 0\n",
    );
  },
};
