import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
r, w = os.pipe()
bad = []
for what in ("hole", "none", "read only", "behind the end"):
    at = mmap(3 * PAGE)
    put(at, b"a" * 3 * PAGE)
    if what == "hole": munmap(at + PAGE, PAGE)
    elif what == "none": mprotect(at + PAGE, PAGE, 0)
    elif what == "read only": mprotect(at + PAGE, PAGE, R)
    else: mmap(PAGE, flags=SHARED | FIXED, fd=os.memfd_create("empty"), at=at + PAGE)
    f = os.memfd_create("data")
    os.write(f, b"b" * 3 * PAGE)
    got = libc.pread(f, ctypes.c_void_p(at + PAGE - 10), ctypes.c_size_t(PAGE), ctypes.c_long(0))
    if got != 10: bad.append((what, got))
    if get(at + PAGE - 11, 11) != b"a" + b"b" * 10 or get(at + 2 * PAGE, PAGE).strip(b"a"): bad.append((what, "content"))
    if libc.pread(f, ctypes.c_void_p(at + PAGE), ctypes.c_size_t(8), ctypes.c_long(0)) != -1: bad.append((what, "inside"))
print(bad)
`;

export const attack: Attack = {
  promise: 25,
  must: "A system call that runs into a hole or a page without rights moves what lies before it, and nothing behind.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "[]\n",
    );
  },
};
