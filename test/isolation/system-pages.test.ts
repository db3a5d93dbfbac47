import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { AnnexVa, USER_ADDRESS_LIMIT } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";

/*
 * The VMM's own pages (system call stub, descriptor tables, interrupt stack, doorbell) are in every guest's page tables.
 * The guest must reach them neither by its own instructions nor by having a system call read or write them for it.
 */
const ANNEX = Object.values(AnnexVa).map((address) => address - USER_ADDRESS_LIMIT);
const PROBE = `
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True); limit = ${USER_ADDRESS_LIMIT}; reached = []
addresses = [limit + page * 4096 + offset for page in range(-1, 8) for offset in (0, 8, 4088)] + [limit + page for page in (${ANNEX.join(", ")})] + [limit + 0x100000, limit + 0x100008, 2**47 - 8, 2**47, 2**63, 2**64 - 8]
r, w = libc.pipe, None; fds = (ctypes.c_int * 2)(); libc.pipe(fds)
for a in addresses:
    p = ctypes.c_void_p(a); inside = a >= limit
    tries = {
        "write from": lambda: libc.write(fds[1], p, 8), "read into": lambda: (libc.write(fds[1], b"12345678", 8), libc.read(fds[0], p, 8))[1],
        "stat into": lambda: libc.syscall(4, b"/", p), "time into": lambda: libc.syscall(228, 0, p), "random into": lambda: libc.syscall(318, p, 8, 0),
        "path at": lambda: libc.syscall(21, p, 0), "futex at": lambda: libc.syscall(202, p, 1, 1), "map at": lambda: libc.syscall(9, p, 4096, 3, 0x32, -1, 0) if a % 4096 == 0 else -1,
        "protect": lambda: libc.mprotect(ctypes.c_void_p(a & ~4095), 4096, 7), "unmap then use": lambda: -1 if libc.munmap(ctypes.c_void_p(a & ~4095), 4096) else libc.write(fds[1], p, 8),
    }
    for name, attempt in tries.items():
        if inside and attempt() >= 0: reached.append((hex(a), name))
print(reached)`;

describe("the VMM's pages are out of a system call's reach", { skip: kvmMissing() }, () => {
  test("every way of naming them fails", async () => {
    await using sandbox = await Sandbox.open({ cells: 1 });
    const run = await sandbox.run({ tool: "python", code: PROBE });
    assert.equal(run.stdoutText, "[]\n", run.stderrText);
    assert.equal(run.status, "ok");
  });

  test("a program may not map the lowest addresses, and hears so", async () => {
    await using sandbox = await Sandbox.open({ cells: 1 });
    const code =
      "import ctypes; c = ctypes.CDLL(None, use_errno=True); print([(c.syscall(9, a, 4096, 3, 0x32, -1, 0), ctypes.get_errno()) for a in (0, 4096, 0xf000)])";
    const run = await sandbox.run({ tool: "python", code });
    assert.equal(run.stdoutText, "[(-1, 1), (-1, 1), (-1, 1)]\n", run.stderrText);
  });
});
