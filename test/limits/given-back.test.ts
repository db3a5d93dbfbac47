import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { childPids, TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { PRELUDE } from "./resources.ts";

const MIB = 2 ** 20;
/** What the heap may grow by before it is cleared (src/sandbox/cell/heap.ts), and the machine's own pages (src/vmm/rollback.ts). */
const KEPT_BYTES = (48 + 48) * MIB;
const LIMITS = { memoryBytes: 512 * MIB, overlayBytes: 256 * MIB, outputBytes: 128 * MIB, wallMs: 60_000 };

/** All that is a cell's own: what it shares with other cells is the same before and after. */
function ownBytes(): number {
  const [pid] = childPids();
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Anonymous:\s+(\d+) kB/m.exec(text)?.[1]) * 1024;
}

interface Large {
  readonly code: string;
  readonly stdin?: Uint8Array<ArrayBuffer>;
}

/** Runs of 200 MiB each, by what of the cell's holds them. */
const LARGE: Readonly<Record<string, Large>> = {
  "a file that is handed out": {
    code: "f = open('/tree/new', 'wb', 0)\nfor i in range(200): f.write(os.urandom(1 << 20))",
  },
  "many small files": {
    code: "data = bytes(1 << 16)\nfor i in range(3200): open(f'/tmp/{i}', 'wb').write(data)",
  },
  "a file that was removed again": {
    code: "for n in range(3):\n  f = open('/tmp/new', 'wb', 0)\n  for i in range(200): f.write(bytes(1 << 20))\n  f.close(); os.unlink('/tmp/new')",
  },
  "a file in memory": { code: "f = os.memfd_create('m')\nfor i in range(200): os.write(f, bytes(1 << 20))" },
  pipes: {
    code: "resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))\nfor i in range(200): r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); os.write(w, bytes(1 << 20))",
  },
  output: { code: "for i in range(100): os.write(1, bytes(1 << 20))" },
  input: { code: "", stdin: new Uint8Array(150 * MIB) },
  "the guest's own memory": { code: "m = bytearray(200 << 20)\nfor i in range(0, len(m), 4096): m[i] = 1" },
};

/** What was freed is the kernel's again: neither V8 nor the C library keeps it in the cell for the next run. */
describe("what a large run took of its cell's memory is given back", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-given-back-"));
  let sandbox: Sandbox;
  let firstBytes: number;
  const small = async (): Promise<void> => {
    assert.equal((await sandbox.run({ tool: "python", code: "pass" })).status, "ok");
  };
  before(async () => {
    mkdirSync(join(host, "tree"));
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host: join(host, "tree"), guest: "/tree" }],
    });
    await small();
    firstBytes = ownBytes();
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });

  for (const [what, { code, stdin }] of Object.entries(LARGE)) {
    test(what, async () => {
      const [pid] = childPids();
      const result = await sandbox.run({
        tool: "python",
        code: PRELUDE + code,
        limits: LIMITS,
        ...(stdin && { stdin }),
      });
      assert.equal(result.status, "ok", `${result.status} ${result.stderrText}`);
      // Memory is cleared when the result is on its way, so the next run has to wait for it.
      await small();
      assert.deepEqual(childPids(), [pid], "it is the same cell");
      const keptBytes = ownBytes() - firstBytes;
      assert.ok(keptBytes < KEPT_BYTES, `${Math.round(keptBytes / MIB)} MiB`);
      if (process.env.ZTL_SHOW) console.log(what, Math.round(keptBytes / MIB), "MiB");
    });
  }
});
