import assert from "node:assert/strict";
import { PATIENCE } from "../../test/patience.ts";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

/** Each page costs an exit and a copy; an emulated processor takes milliseconds for it, so fewer pages must do. */
const PRIVATE_MIB = PATIENCE === 1 ? 16 : 4;
const PROGRAM = `
size = ${PRIVATE_MIB} << 20
mark = os.urandom(16)
for i in range(6):
    def fill():
        at = mmap(size)
        put(at, mark * (size // 16))
        shared = mmap(1 << 20, flags=SHARED | ANON)
        put(shared, mark * ((1 << 20) // 16))
    ending(fill)
found = 0
for i in range(12):
    at = mmap(size)
    if i % 2: ctypes.memset(at, 0, 1)
    found += get(at, size).count(mark)
print(found)
`;

export const attack: Attack = {
  promise: 20,
  must: "No memory of a process that ended is found in memory that another is given.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({ limits: { memoryBytes: 400 << 20 } });
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "0\n",
    );
  },
};
