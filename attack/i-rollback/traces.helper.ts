import assert from "node:assert/strict";
import type { RunLimits } from "../../src/index.ts";
import type { Stage } from "../stage.ts";

/** Python for both runs. */
const PRELUDE = `
import ctypes, fcntl, mmap, os, resource, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_long
def syscall(number, *args):
  result = libc.syscall(number, *[ctypes.c_long(arg) for arg in args])
  return -ctypes.get_errno() if result < 0 else result
`;

export interface Traces {
  /** Leaves something behind; how it ends does not matter. */
  readonly leave: string;
  /** Prints what a program can find of it. */
  readonly look: string;
  readonly limits?: Partial<RunLimits>;
}

/** One run leaves traces, in all ways runs end; the next one sees what the first run of a new cell sees. */
export async function leaveTraces(stage: Stage, { leave, look, limits = {} }: Traces): Promise<void> {
  const mounts = [{ kind: "overlay", host: stage.newDirectory(), guest: "/tree" }] as const;
  const attacked = await stage.sandbox({ mounts: [...mounts] });
  const fresh = await stage.sandbox({ mounts: [...mounts] });
  const seen = await fresh.python(PRELUDE + look);
  assert.notEqual(seen, "", "it looks at something");
  for (const end of ["", "os._exit(1)", "os.kill(os.getpid(), 9)", "while True: pass"]) {
    const call = { tool: "python", code: `${PRELUDE}${leave}\n${end}`, limits: { wallMs: 1500, ...limits } } as const;
    attacked.assertContained(await attacked.run(call));
    assert.equal(await attacked.python(PRELUDE + look), seen, `after a run that ended with: ${end}`);
  }
}
