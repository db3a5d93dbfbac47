import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** `ZTL_RUNS=1000 node --test` of this file looks for slower growth. */
const RUNS = Number(process.env.ZTL_RUNS ?? 60);
/** After so many runs, most of the code that V8 compiles is there, and what the C library keeps for reuse. */
const WARM_RUNS = 20;
/** What the rest of compiled code and of that reserve come to. */
const NOISE_BYTES = 8 * 2 ** 20;
/** More garbage than a cell leaves lying between two runs (src/sandbox/cell/heap.ts): it collects all it has. */
const COLLECT = "open('/tmp/large', 'wb').write(bytes(80 << 20))";
/**
 * A rollback copies changed pages back instead of giving them up: 32 MiB of the image and 8 MiB of fresh ones at most
 * (src/vmm/rollback.ts), and what is made present ahead of use.
 */
const MACHINE_BYTES_MAX = 48 * 2 ** 20;

/** Names that are there, names that never were, files, processes, failures: other ones in each run. */
const code = (run: number): string => `
import os, socket
for i in range(40):
  for path in (f'/tree/never-{${run}}-{i}', f'/tree/there/never-{${run}}-{i}'): os.path.exists(path)
  open(f'/tree/made-{${run}}-{i}', 'w').write('x' * i); os.mkdir(f'/tmp/{${run}}-{i}')
os.listdir('/tree'); os.listdir('/tree/there')
for i in range(40): open(f'/tree/there/{i}').read()
k = [os.pipe() for i in range(20)] + [socket.socketpair()]
if os.fork() == 0: os._exit(0)
${endings[run % endings.length]}
`;

/** How runs end; the memory limit is the slowest and comes once. */
const endings: readonly string[] = [
  ...["pass", "1 / 0", "os.kill(os.getpid(), 9)", "while True: os.dup(0)", "os.memfd_create('m'); os.abort()"],
  ...["pass", "os.write(os.memfd_create('m'), bytes(99999))", "1 / 0", "while True: pass", "bytearray(1 << 40)"],
];

interface Use {
  /** Private memory other than the machine's: both heaps, buffers, compiled code. */
  readonly ownBytes: number;
  readonly machineBytes: number;
  readonly descriptors: number;
}

/** From smaps (proc(5)): a line for each mapping, and below it what of it is a private copy. */
function useOf(pid: number): Use {
  const use = { ownBytes: 0, machineBytes: 0, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  let isMachine = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isMachine = line.includes("/memfd:ztl-image");
    const bytes = Number(/^Anonymous:\s+(\d+) kB/.exec(line)?.[1] ?? 0) * 1024;
    use[isMachine ? "machineBytes" : "ownBytes"] += bytes;
  }
  return use;
}

test("many runs leave a cell as the first of them did", { skip: kvmMissing() }, async () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-kept-"));
  mkdirSync(join(host, "there"));
  for (let i = 0; i < 40; i++) writeFileSync(join(host, "there", String(i)), `file ${i}`);
  const sandbox = await Sandbox.open({
    cells: 1,
    cacheDirectory: TEST_CACHE,
    mounts: [{ kind: "overlay", host, guest: "/tree" }],
  });
  try {
    const ends = new Set<string>();
    const pids = new Set<number>();
    const run = async (text: string): Promise<string> => {
      const limits = { openFiles: 200, wallMs: 5000, memoryBytes: 256 * 2 ** 20 };
      const { status, stderrText } = await sandbox.run({ tool: "python", code: text, limits });
      assert.notEqual(status, "error", stderrText);
      for (const pid of childPids()) pids.add(pid);
      assert.equal(pids.size, 1, "it is one cell all the time");
      return status;
    };
    const settled = async (): Promise<Use> => {
      assert.equal(await run(COLLECT), "ok");
      // It collects when the result is on its way: the next run comes after that.
      assert.equal(await run("pass"), "ok");
      return useOf([...pids][0] ?? 0);
    };
    const uses: Use[] = [];
    for (let at = 1; at <= RUNS; at++) {
      ends.add(await run(code(at)));
      if (at === WARM_RUNS || at === RUNS || at % 100 === 0) {
        uses.push(await settled());
        if (process.env.ZTL_SHOW) console.log(at, uses.at(-1));
      }
    }
    assert.deepEqual([...ends].sort(), ["failed", "limit", "ok", "signaled"]);
    const [early, late] = [uses[0], uses.at(-1)];
    assert.ok(early !== undefined && late !== undefined && early !== late);
    assert.equal(late.descriptors, early.descriptors);
    assert.ok(late.machineBytes < MACHINE_BYTES_MAX, `${late.machineBytes >> 10} KiB of the machine`);
    const growth = late.ownBytes - early.ownBytes;
    assert.ok(growth < NOISE_BYTES, `${growth >> 10} KiB more`);
  } finally {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  }
});
