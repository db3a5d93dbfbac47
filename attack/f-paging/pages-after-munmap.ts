import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = String.raw`
bad = 0
for i in range(200):
    at = mmap(8 * PAGE)
    put(at, b"S" * 8 * PAGE)
    munmap(at + 2 * PAGE, 4 * PAGE)
    if i % 20 == 0 and ending(lambda: get(at + 3 * PAGE)) != "SIGSEGV": bad += 1
    again = mmap(4 * PAGE, at=at + 2 * PAGE, flags=PRIVATE | ANON | FIXED)
    if get(again, 4 * PAGE).strip(b"\0") or get(at, 1) + get(at + 7 * PAGE) != b"SS": bad += 1
    munmap(at, 8 * PAGE)
print(bad)
`;

export const attack: Attack = {
  promise: 20,
  must: "A page that was unmapped is not reached any more, and one mapped anew holds zeros.",
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
