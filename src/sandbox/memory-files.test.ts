import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../vmm/testing.ts";
import { Sandbox } from "./index.ts";
import { TEST_CACHE } from "./testing.ts";

/** Files without a name must not depend on what is mounted, above all not on a guest's /tmp that is a read-only directory. */

const host = mkdtempSync(join(tmpdir(), "ztl-memory-files-"));
after(() => rmSync(host, { recursive: true, force: true }));

const PROGRAM = `
import errno, mmap, os, tempfile
def refusal(make):
    try:
        make()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "made"
f = os.memfd_create("m")
os.write(f, b"memory")
m = mmap.mmap(f, 6)
m[0:1] = b"M"
print(os.readlink(f"/proc/self/fd/{f}"), os.pread(f, 10, 0), open(f"/proc/self/fd/{f}").read())
print([line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if "memfd" in line])
shared = mmap.mmap(-1, 8192)
shared[4096:4097] = b"s"
if os.fork() == 0:
    shared[0:1] = shared[4096:4097]
    os._exit(0)
os.wait()
print(shared[0:1])
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=5000)
block.buf[4999] = 7
again = shared_memory.SharedMemory(block.name)
print(again.buf[4999])
del again, block
print(refusal(lambda: tempfile.mkstemp(dir="/tmp")))
print(refusal(lambda: os.open("/tmp", os.O_TMPFILE | os.O_RDWR)))
print(refusal(lambda: os.open("/tmp/f", os.O_WRONLY)), refusal(lambda: os.open("/tmp/new", os.O_CREAT | os.O_WRONLY)))
print(os.listdir("/tmp"))
`;

describe("with a read-only directory as the guest's /tmp", { skip: kvmMissing }, () => {
  let sandbox: Sandbox;
  before(async () => {
    writeFileSync(join(host, "f"), "file");
    sandbox = await Sandbox.open({
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "ro", host, guest: "/tmp" }],
      limits: { wallMs: 20_000 },
    });
  });
  after(() => sandbox.close());

  test("files in memory and shared memory work, and files in /tmp are refused as on Linux", async () => {
    const result = await sandbox.run({ tool: "python", code: PROGRAM, env: { PYTHONWARNINGS: "ignore" } });
    assert.equal(result.stderrText, "");
    assert.equal(
      result.stdoutText,
      [
        "/memfd:m (deleted) b'Memory' Memory",
        "['/memfd:m (deleted)']",
        "b's'",
        "7",
        "EROFS",
        "EROFS",
        "EROFS EROFS",
        "['f']",
        "",
      ].join("\n"),
    );
    assert.deepEqual(readdirSync(host), ["f"]);
  });
});
