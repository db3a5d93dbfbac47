import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
import hashlib, sys
path = os.path.realpath("/bin/sh")
before = hashlib.sha256(open(path, "rb").read()).hexdigest()
f = os.open(path, os.O_RDONLY)
size = os.fstat(f).st_size
at = mmap(size, R | W, PRIVATE, f)
put(at, b"X" * size)
run = mmap(size, R | X, PRIVATE, f)
mprotect(run, size, R | W | X)
put(run, b"Y" * size)
refused = [mmap(size, R | W, SHARED, f), mprotect(mmap(size, R, PRIVATE, f), size, R | W)]
view = mmap(size, R, SHARED, f)
refused.append(mprotect(view, size, R | W))
print(refused, hashlib.sha256(get(view, size)).hexdigest() == before)
print(hashlib.sha256(open(path, "rb").read()).hexdigest() == before, os.system("exit 3") >> 8)
`;

export const attack: Attack = {
  promise: 20,
  must: "Pages of the host's files are shared by processes and runs, and nobody can write to them.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "['EACCES', 'ok', 'EACCES'] True\nTrue 3\n",
    );
    assert.equal(await sandbox.shell("echo as before"), "as before\n");
  },
};
