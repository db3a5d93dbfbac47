import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
r, w = os.pipe()
bad = []
places = [0x10, 0x1000, 0x7ffffffff000, 0x7fffffffe000, 0x7fffffe00000, 0x800000000000, 0xffff800000000000, 0xffffffffff600000, 0xfffffffffffff000]
for at in places:
    for name, act in {"read": lambda: get(at), "write": lambda: put(at, b"x"), "run": lambda: ctypes.CFUNCTYPE(None)(at)()}.items():
        if ending(act) not in ("SIGSEGV", "SIGBUS", "SIGILL"): bad.append((hex(at), name))
    for call in (libc.write, libc.read):
        if call == libc.read: os.write(w, b"x")
        if call(ctypes.c_int(w if call == libc.write else r), ctypes.c_void_p(at), ctypes.c_size_t(1)) >= 0: bad.append((hex(at), "call"))
print(bad)
`;

export const attack: Attack = {
  promise: 25,
  must: "Neither the program nor a system call on its behalf reaches an address that is not the program's.",
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
