import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { LimitName, RunLimits } from "../../src/index.ts";
import { descendants } from "../processes.ts";
import type { Stage } from "../stage.ts";

const MEMORY_BYTES = 64 * 2 ** 20;
/** Node, the host's side of the guest's memory, and what a result is put together from. */
const CELL_BYTES = 256 * 2 ** 20;
/** Each pile takes some seconds; the rest is for a machine with far more to do than it can. */
const WALL_MS = 30_000;

/** Python that every pile begins with. */
const PRELUDE = `
import ctypes, errno, fcntl, mmap, os, select, signal, socket, struct, time
libc = ctypes.CDLL(None, use_errno=True)
def syscall(number, *args):
  result = libc.syscall(number, *[ctypes.c_long(arg) for arg in args])
  return -ctypes.get_errno() if result < 0 else result
some = ctypes.create_string_buffer(b'x' * 16)
class iovec(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
pieces = (iovec * 1024)(*[iovec(ctypes.addressof(some), 16)] * 1024)
libc.mmap.restype = ctypes.c_long
def lazy(size): return libc.mmap(None, ctypes.c_long(size), 3, 0x4022, -1, 0)
print('said', flush=True)
`;

export interface Pile {
  readonly code: string;
  readonly limits?: Partial<RunLimits>;
  /** The limit that must end the run. */
  readonly ends: LimitName;
}

/**
 * Runs a program that piles something up in /tree or elsewhere: its limit ends it in time, what it said is kept, and its
 * cell never has more than the memory of its guest and what a cell needs.
 */
export async function pileUp(stage: Stage, { code, limits = {}, ends }: Pile): Promise<void> {
  const sandbox = await stage.sandbox({ mounts: [{ kind: "overlay", host: stage.newDirectory(), guest: "/tree" }] });
  await sandbox.python("pass");
  const wanted = { memoryBytes: MEMORY_BYTES, wallMs: WALL_MS, openFiles: 3000, ...limits };
  for (const pid of descendants()) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const startedMs = performance.now();
  const result = await sandbox.run({ tool: "python", code: PRELUDE + code, limits: wanted });
  const tookMs = performance.now() - startedMs;
  sandbox.assertContained(result);
  assert.equal(result.status === "limit" ? result.limit : result.status, ends, result.stderrText);
  assert.ok(result.stdoutText.startsWith("said\n"), "what it said is lost");
  assert.ok(tookMs < wanted.wallMs + 1000, `came back after ${tookMs} ms`);
  for (const pid of descendants()) {
    const peakBytes = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
    assert.ok(
      peakBytes < wanted.memoryBytes + (limits.outputBytes ?? 0) + CELL_BYTES,
      `a cell of ${peakBytes >> 20} MiB`,
    );
  }
}
