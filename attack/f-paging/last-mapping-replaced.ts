import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
f = os.memfd_create("f")
os.ftruncate(f, 8 * PAGE)
bad = 0
for i in range(100):
    at = mmap(8 * PAGE, flags=SHARED, fd=f)
    put(at, b"%03d" % i)
    at = mmap(8 * PAGE, flags=SHARED | FIXED, fd=f, at=at)
    others = mmap(32 * PAGE)
    put(others, b"O" * 32 * PAGE)
    put(at + 4 * PAGE, b"%03d" % (i + 500))
    if os.pread(f, 3, 0) + os.pread(f, 3, 4 * PAGE) != b"%03d%03d" % (i, i + 500): bad += 1
    if get(others, 32 * PAGE).strip(b"O"): bad += 1
    munmap(at, 8 * PAGE), munmap(others, 32 * PAGE)
print(bad)
`;

export const attack: Attack = {
  promise: 52,
  must: "Pages of a file stay its own when the last mapping of it is replaced by another.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "0\n",
    );
  },
};
