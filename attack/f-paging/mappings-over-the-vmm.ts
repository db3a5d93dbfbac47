import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
bad = []
own = mmap(PAGE)
for at in [0, 0x1000, 0x7ffffffff000, 0x7fffffffe000, 0x7fffff000000, 0x7ffffffff000 - 64 * PAGE, 0x800000000000, 0xffffffff80000000]:
    for size in (PAGE, 2 << 20):
        for flags in (FIXED, 0x100000):
            if not isinstance(mmap(size, R | W | X, PRIVATE | ANON | flags, at=at), str): bad.append((hex(at), size))
    if not isinstance(mremap(own, PAGE, PAGE, 3, at), str): bad.append((hex(at), "mremap"))
    if mprotect(at, PAGE, R | W | X) == "ok": bad.append((hex(at), "mprotect"))
for start in (0x7fffe0000000, 0x7fffff000000):
    for at in range(start, start + (1 << 28), 1 << 24):
        if at < 0x7fffff000000: continue
        if not isinstance(mmap(PAGE, R | W, PRIVATE | ANON | FIXED, at=at), str): bad.append(hex(at))
put(own, b"kept")
print(bad, get(own, 4))
`;

export const attack: Attack = {
  promise: 25,
  must: "Nothing can be mapped, moved or changed where the VMM has its own pages, or below the lowest address.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "[] b'kept'\n",
    );
  },
};
