import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
def until_refused(act):
    for i in range(140000):
        result = act(i)
        if isinstance(result, str) and result != "ok": return result, i < 70000
    return "never"
at = mmap(140000 * PAGE, 0, PRIVATE | ANON | NORESERVE)
print(until_refused(lambda i: mprotect(at + 2 * i * PAGE, PAGE, R)))
print(munmap(at + PAGE, PAGE), munmap(at, 140000 * PAGE))
at = mmap(140000 * PAGE, 0, PRIVATE | ANON | NORESERVE)
print(until_refused(lambda i: munmap(at + (2 * i + 1) * PAGE, PAGE)))
munmap(at, 140000 * PAGE)
own = mmap(PAGE)
put(own, b"kept")
print(get(own, 4))
`;

export const attack: Attack = {
  promise: 9,
  must: "There is an end to the mappings of a process, by whatever call they are made, and it is told as an error.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({ limits: { wallMs: 40_000, cpuMs: 40_000 } });
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "('ENOMEM', True)\nok ok\n('ENOMEM', True)\nb'kept'\n",
    );
  },
};
