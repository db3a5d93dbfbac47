import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = String.raw`
at = mmap(PAGE)
bad = 0
for i in range(30):
    mprotect(at, PAGE, R | W)
    put(at, bytes([i]) * PAGE)
    mprotect(at, PAGE, R)
    if ending(lambda: put(at, b"x")) != "SIGSEGV" or get(at) != bytes([i]): bad += 1
    mprotect(at, PAGE, 0)
    if ending(lambda: get(at)) != "SIGSEGV": bad += 1
mprotect(at, PAGE, R | W)
put(at, b"\xc3")
function = ctypes.CFUNCTYPE(None)(at)
mprotect(at, PAGE, R | X)
function()
for rights in (R, R | W, 0):
    mprotect(at, PAGE, rights)
    if ending(function) != "SIGSEGV": bad += 1
print(bad)
`;

export const attack: Attack = {
  promise: 20,
  must: "Rights that were taken away are gone at once, however often the page was used before.",
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
