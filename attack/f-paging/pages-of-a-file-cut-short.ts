import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { MAPPING } from "./mapping.helper.ts";

const PROGRAM = `
f = os.memfd_create("f")
os.ftruncate(f, 64 * PAGE)
maps = [mmap(64 * PAGE, flags=SHARED, fd=f), mmap(64 * PAGE, flags=PRIVATE, fd=f), mmap(64 * PAGE, R, SHARED, f)]
for page in range(64):
    put(maps[0] + page * PAGE, b"shared")
    put(maps[1] + page * PAGE, b"private")
r, w = os.pipe()
go, gone = os.pipe()
pid = os.fork()
if pid == 0:
    os.read(go, 1)
    bad = sum(ending(lambda: get(m + p * PAGE)) != "SIGBUS" for m in maps for p in (1, 30, 63))
    bad += sum(ending(lambda: put(m + p * PAGE, b"x")) != "SIGBUS" for m in maps[:2] for p in (1, 63))
    os.write(w, str(bad).encode())
    os._exit(0)
os.ftruncate(f, PAGE)
others = mmap(256 * PAGE)
put(others, b"O" * 256 * PAGE)
os.write(gone, b"x")
os.waitpid(pid, 0)
bad = sum(ending(lambda: put(m + p * PAGE, b"x")) != "SIGBUS" for m in maps[:2] for p in (1, 63))
os.ftruncate(f, 64 * PAGE)
print(os.read(r, 9), bad, get(others, 256 * PAGE).strip(b"O"), get(maps[0] + PAGE, 6), get(maps[1] + 2 * PAGE, 6))
`;

export const attack: Attack = {
  promise: 52,
  must: "A page that went with the end of its file is no way to memory that others got since.",
  needs: ["kvm", "python"],
  hardware: true,
  async run(stage) {
    const sandbox = await stage.sandbox({});
    assert.equal(
      await sandbox.python(`${MAPPING}
${PROGRAM}`),
      "b'0' 0 b'' b'\\x00\\x00\\x00\\x00\\x00\\x00' b'\\x00\\x00\\x00\\x00\\x00\\x00'\n",
    );
  },
};
