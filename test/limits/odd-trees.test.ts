import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { Sandbox, type SandboxEvent, type ToolCall } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** Trees of shapes nobody plans for: whatever cannot be told of them, the output of the run is. */
describe("odd trees", { skip: kvmMissing() }, () => {
  const host = mkdtempSync(join(tmpdir(), "ztl-odd-"));
  const work = join(host, "tree");
  const events: SandboxEvent[] = [];
  let sandbox: Sandbox;

  before(async () => {
    mkdirSync(work);
    sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host: work, guest: "/tree" }],
      onEvent: (event) => events.push(event),
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(host, { recursive: true, force: true });
  });
  beforeEach(() => {
    events.length = 0;
  });

  const python = (code: string): ToolCall => ({ tool: "python", code, limits: { wallMs: 25_000 } });

  /** Runs the code, which prints `said` first of all, and sees that the cell lives. */
  async function run(code: string) {
    const result = await sandbox.run(python(`print('said', flush=True)\n${code}`));
    assert.equal(result.stdoutText, "said\n", `${result.status}: ${result.stderrText}`);
    assert.deepEqual(
      events.filter(({ type }) => type === "cell-lost"),
      [],
    );
    return result;
  }

  const DEEP = "import os\nos.chdir('/tree')\nfor i in range(8000): os.mkdir('d'); os.chdir('d')\n";

  test("8,000 directories in each other are more than a list may name", async () => {
    const result = await run(DEEP);
    assert.equal(result.status === "limit" && result.limit, "names");
    assert.deepEqual(result.changes, []);
  });

  test("8,000 directories in each other that are removed again are none", async () => {
    const result = await run(`${DEEP}for i in range(8000): os.chdir('..'); os.rmdir('d')`);
    assert.equal(result.status, "ok");
    assert.deepEqual(result.changes, []);
  });

  test("a thousand directories in each other are told", async () => {
    const result = await run("import os\nos.chdir('/tree')\nfor i in range(1000): os.mkdir('d'); os.chdir('d')");
    assert.equal(result.status, "ok");
    assert.equal(result.changes.length, 1000);
  });

  test("12,000 of the longest names are told when they are in one directory, and not when they are far down", async () => {
    const flat = await run("import os\nfor i in range(12000): os.mkdir('/tree/' + f'{i:05}' + 'n' * 250)");
    assert.equal(flat.status, "ok");
    assert.equal(flat.changes.length, 12_000);
    const nested = await run(
      "import os\nos.chdir('/tree')\nfor i in range(14): os.mkdir('p' * 255); os.chdir('p' * 255)\nfor i in range(12000): open(f'{i:05}' + 'n' * 250, 'w').close()",
    );
    assert.equal(nested.status === "limit" && nested.limit, "names");
  });

  test("names that are no text come back byte for byte", async () => {
    const result = await run("import os\nopen(b'/tree/\\xff\\xfe' + b'\\x80' * 253, 'w').close()");
    assert.equal(result.status, "ok");
    assert.deepEqual(
      Buffer.from(result.changes[0].pathBytes ?? []),
      Buffer.from(`/tree/${"\xff\xfe"}${"\x80".repeat(253)}`, "latin1"),
    );
  });

  test("what the host renames, removes or replaces meanwhile is an errno or gone, and no more", async () => {
    const inner = join(work, "inner");
    const files = ["read", "mapped", "moved", "link-target"];
    mkdirSync(inner);
    for (const name of files) writeFileSync(join(inner, name), `${name}\n`.repeat(200_000));
    const code = `
import os, mmap, time
os.chdir('/tree/inner')
fd = os.open('read', os.O_RDONLY)
m = mmap.mmap(os.open('mapped', os.O_RDONLY), 0, prot=mmap.PROT_READ)
os.rename('moved', '/tree/elsewhere')
os.symlink('x', 'new')
time.sleep(1)
for look in (lambda: os.pread(fd, 10, 1000), lambda: os.listdir('.'), lambda: os.stat('link-target'), lambda: os.listdir('/tree')):
  try: look()
  except OSError: pass
os.rmdir('/tree/never') if os.path.exists('/tree/never') else None
`;
    const running = run(code);
    setTimeout(() => {
      renameSync(inner, join(host, "away"));
      writeFileSync(inner, "a file where a directory was");
    }, 500);
    const result = await running;
    assert.equal(result.status, "ok", result.stderrText);
    rmSync(inner);
  });

  test("a program whose file goes away while it is mapped gets SIGBUS where the page is not there yet", async () => {
    const big = join(work, "big");
    writeFileSync(big, Buffer.alloc(8 << 20, 1));
    const running = run(
      "import os, mmap, time\nm = mmap.mmap(os.open('/tree/big', os.O_RDONLY), 0, prot=mmap.PROT_READ)\ntime.sleep(1)\nfor i in range(0, len(m), 4096): m[i]",
    );
    setTimeout(() => renameSync(big, join(host, "big")), 500);
    const result = await running;
    assert.equal(result.status === "signaled" ? result.signal : result.status, "SIGBUS");
  });

  test("a descriptor that another thread closes under a select is EBADF for it", async () => {
    const result = await run(`
import os, select, threading, time
r, w = os.pipe()
def close():
  time.sleep(0.2); os.close(r)
threading.Thread(target=close).start()
try: select.select([r], [], [], 5)
except OSError as error: assert error.errno == 9, error
`);
    assert.equal(result.status, "ok", result.stderrText);
  });
});
