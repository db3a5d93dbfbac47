import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
own, common = mmap(64 * PAGE), mmap(64 * PAGE, flags=SHARED | ANON)
put(own, b"p" * 64 * PAGE), put(common, b"p" * 64 * PAGE)
mprotect(own, 8 * PAGE, R), mprotect(own + 8 * PAGE, 8 * PAGE, 0)
def child():
    mprotect(own, 64 * PAGE, R | W)
    if get(own, 64 * PAGE).strip(b"p"): os._exit(1)
    put(own, b"c" * 64 * PAGE), put(common, b"c" * 64 * PAGE)
    os._exit(0 if ending(lambda: put(own, b"g" * PAGE)) == "exit 0" and get(own) == b"c" else 2)
print([ending(child) for _ in range(3)])
mprotect(own, 64 * PAGE, R | W)
print(get(own, 64 * PAGE).strip(b"p"), get(common, 64 * PAGE).strip(b"c"))
`;

export const attack: Attack = {
  promise: 20,
  must: "What a process writes after a fork is in its own memory only, unless the memory is shared.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "['exit 0', 'exit 0', 'exit 0']\nb'' b''\n",
    );
  },
};
