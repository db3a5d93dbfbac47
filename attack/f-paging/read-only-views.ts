import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
f = os.memfd_create("f", os.MFD_ALLOW_SEALING)
os.write(f, b"a" * 4 * PAGE)
reader = os.open(f"/proc/self/fd/{f}", os.O_RDONLY)
view = mmap(4 * PAGE, R, SHARED, reader)
ways = [mprotect(view, PAGE, R | W), mmap(PAGE, R | W, SHARED, reader)]
moved = mremap(view, 4 * PAGE, 8 * PAGE, 1)
ways.append(mprotect(moved, 4 * PAGE, R | W))
twin = mremap(moved, 0, 4 * PAGE, 1)
ways.append(mprotect(twin, PAGE, R | W))
munmap(twin + PAGE, PAGE)
ways.append(mprotect(twin + 2 * PAGE, PAGE, R | W | X))
print(ways, ending(lambda: put(moved, b"x")), ending(lambda: put(twin, b"x")))
import fcntl
print(fcntl.fcntl(f, 1033, 8), mmap(PAGE, R | W, SHARED, f))
last = mmap(PAGE, R, SHARED, f)
print(mprotect(last, PAGE, R | W), os.pread(f, 4 * PAGE, 0).strip(b"a"))
`;

export const attack: Attack = {
  promise: 52,
  must: "A view of a file that was opened for reading, or sealed, cannot be made writable by any way round.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "['EACCES', 'EACCES', 'EACCES', 'EACCES', 'EACCES'] SIGSEGV SIGSEGV\n0 EPERM\nEACCES b''\n",
    );
  },
};
