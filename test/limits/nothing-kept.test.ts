import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { toByteString } from "../../src/base/byte-string.ts";
import { type Layer, LayerWriter } from "../../src/base/layer/index.ts";
import { kvmMissing } from "../kvm.ts";
import { type Held, MeasuredSandbox } from "./measured-sandbox.ts";

/** `ZTL_RUNS=1000 node --test` of this file looks for slower growth. */
const RUNS = Number(process.env.ZTL_RUNS ?? 40);
/** After these each kind of ending has been there, and what is loaded and made once is there. */
const WARM_RUNS = 10;
/** V8 goes on compiling what is used often, and notes what it learns; that ends after some hundred runs. */
const COMPILED_BYTES = 768 * 1024;
/** Of a hundred small objects that each run left, this would be a tenth. */
const KEPT_BYTES_PER_RUN = 512;
/**
 * Private memory that is not the machine's, which is much coarser: what the C library keeps for reuse and V8 has not given
 * back are in it.
 */
const OWN_NOISE_BYTES = 6 * 2 ** 20;
/**
 * A rollback copies changed pages back instead of giving them up: 32 MiB of the image and 8 MiB of fresh ones at most
 * (src/vmm/rollback.ts), and what is made present ahead of use.
 */
const MACHINE_BYTES_MAX = 48 * 2 ** 20;

/** Names that are there, names that never were, files, processes, failures: other ones in each run. */
const code = (run: number): string => `
import ctypes, os, socket
for i in range(40):
  for path in (f'/tree/never-{${run}}-{i}', f'/tree/there/never-{${run}}-{i}'): os.path.exists(path)
  open(f'/tree/made-{${run}}-{i}', 'w').write('x' * i); os.mkdir(f'/tmp/{${run}}-{i}')
os.listdir('/tree'); os.listdir('/tree/there')
for i in range(40): open(f'/tree/there/{i}').read()
k = [os.pipe() for i in range(20)] + [socket.socketpair()]
terminals = [os.openpty() for i in range(3)]
libc = ctypes.CDLL(None)
ids = [libc.shmget(0, 4096, 0o1600), libc.semget(0, 9, 0o1600), libc.msgget(0, 0o1600)]
watching = libc.inotify_init1(0)
found = [sorted(os.listdir('/dev/pts')), ids, libc.inotify_add_watch(watching, b'/tree/there', 0xfff)]
if found != [['0', '1', '2', 'ptmx'], [0, 0, 0], 1]: print('of an earlier run:', found, flush=True)
if os.fork() == 0: os._exit(0)
${endings[run % endings.length]}
`;

/** More than a result may name: a path that is too long for it. */
const TOO_DEEP = "os.chdir('/tree')\nfor i in range(17): os.mkdir('n' * 255); os.chdir('n' * 255)";
/** How runs end, each way once in ten. */
const endings: readonly string[] = [
  ...["pass", "1 / 0", "os.kill(os.getpid(), 9)", "while True: os.eventfd(0)", "os.memfd_create('m'); os.abort()"],
  ...[
    TOO_DEEP,
    "while True:\n  if os.fork() == 0: os._exit(0)",
    "while True: pass",
    "os.truncate('/tree/there/1', 1 << 40)",
    "while True: k += [bytes(1 << 20)]",
  ],
];
/** Each has a table of half a megabyte. */
const LAYERED_RUNS = 30;
const LAYER_NAMES = 5000;
/** A busy host gives a run a fraction of its processor: the processor time is to end it, not the time that passes. */
const LIMITS = { openFiles: 200, wallMs: 60_000, memoryBytes: 128 * 2 ** 20, cpuMs: 1000, processes: 4 };

interface Use extends Held {
  /** Private memory other than the machine's: both heaps, buffers, compiled code. */
  readonly ownBytes: number;
  readonly machineBytes: number;
}

/** From smaps (proc(5)): a line for each mapping, and below it what of it is a private copy. */
function memoryOf(pid: number): Omit<Use, keyof Held> {
  const use = { ownBytes: 0, machineBytes: 0 };
  let isMachine = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isMachine = line.includes("/memfd:ztl-image");
    const bytes = Number(/^Anonymous:\s+(\d+) kB/.exec(line)?.[1] ?? 0) * 1024;
    use[isMachine ? "machineBytes" : "ownBytes"] += bytes;
  }
  return use;
}

test("many runs leave a cell as the first ten did", { skip: kvmMissing() }, async () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-kept-"));
  mkdirSync(join(host, "there"));
  for (let i = 0; i < 40; i++) writeFileSync(join(host, "there", String(i)), `file ${i}`);
  const sandbox = new MeasuredSandbox([{ kind: "overlay", host, guest: "/tree" }]);
  try {
    const ends = new Set<string>();
    const pids = new Set<number>();
    const uses: Use[] = [];
    for (let at = 1; at <= RUNS; at++) {
      const { result, pid } = await sandbox.run(code(at), LIMITS);
      pids.add(pid);
      assert.doesNotMatch(result.stdoutText, /of an earlier run/);
      ends.add(result.status === "limit" ? result.limit : result.status);
      if (at === WARM_RUNS || at === RUNS || at % 100 === 0) {
        uses.push({ ...(await sandbox.held()), ...memoryOf(pid) });
        if (process.env.ZTL_SHOW) console.log(at, uses.at(-1));
      }
    }
    assert.equal(pids.size, 1, "it is one cell all the time");
    const expected = ["cpu", "failed", "files", "memory", "names", "ok", "overlay", "processes", "signaled"];
    assert.deepEqual([...ends].sort(), expected);
    const [early, late] = [uses[0], uses.at(-1)];
    assert.ok(early !== undefined && late !== undefined && early !== late);
    assert.equal(late.descriptors, early.descriptors);
    const kept = late.heapBytes - early.heapBytes;
    assert.ok(kept < COMPILED_BYTES + (RUNS - WARM_RUNS) * KEPT_BYTES_PER_RUN, `${kept} bytes more in the heap`);
    const growth = late.ownBytes - early.ownBytes;
    assert.ok(growth < OWN_NOISE_BYTES, `${growth >> 10} KiB more outside of it`);
    assert.ok(late.machineBytes < MACHINE_BYTES_MAX, `${late.machineBytes >> 10} KiB of the machine`);
  } finally {
    await sandbox[Symbol.asyncDispose]();
    rmSync(host, { recursive: true, force: true });
  }
});

test("nor do the layers of many runs", { skip: kvmMissing() }, async () => {
  const place = mkdtempSync(join(tmpdir(), "ztl-kept-"));
  const host = join(place, "host");
  mkdirSync(host);
  const sandbox = new MeasuredSandbox([{ kind: "overlay", host, guest: "/tree" }]);
  try {
    const uses: Held[] = [];
    for (let at = 1; at <= LAYERED_RUNS; at++) {
      const layer = await layerOf(join(place, `segment-${at}`), realpathSync(host), at);
      const { result } = await sandbox.run(
        "import os; print(len(os.listdir('/tree')), open('/tree/9').read(3))",
        {},
        { layer },
      );
      assert.equal(result.stdoutText, `${LAYER_NAMES} ${at}\n`, result.stderrText);
      if (at === WARM_RUNS || at === LAYERED_RUNS) uses.push(await sandbox.held());
    }
    const [early, late] = uses as [Held, Held];
    assert.equal(late.descriptors, early.descriptors);
    const kept = late.heapBytes - early.heapBytes;
    // A tenth of the tables of the runs in between would be more.
    assert.ok(kept < COMPILED_BYTES, `${kept} bytes more in the heap`);
  } finally {
    await sandbox[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  }
});

/** New files, of which each has a record of some 100 bytes. */
async function layerOf(segment: string, host: string, number: number): Promise<Layer> {
  const writer = await LayerWriter.create(segment);
  const content = await writer.addContent(Buffer.from(String(number)));
  const node = { type: "file", mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, content } as const;
  const names = Array.from({ length: LAYER_NAMES }, (_, index) => String(index));
  return writer.finish(names.map((name) => ({ path: toByteString(`${host}/${name}`), node })));
}
