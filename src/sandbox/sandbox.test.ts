import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../vmm/testing.ts";
import { type RunResult, Sandbox, type ToolCall } from "./index.ts";
import { TEST_CACHE } from "./testing.ts";

const host = mkdtempSync(join(tmpdir(), "ztl-sandbox-"));
after(() => rmSync(host, { recursive: true, force: true }));

function python(code: string, rest: Partial<ToolCall> = {}): ToolCall {
  return { tool: "python", code, ...rest } as ToolCall;
}
function shell(code: string, rest: Partial<ToolCall> = {}): ToolCall {
  return { tool: "shell", code, ...rest } as ToolCall;
}

describe("a tool call", { skip: kvmMissing }, () => {
  let sandbox: Sandbox;
  const run = (call: ToolCall): Promise<RunResult> => sandbox.run(call);
  before(async () => {
    mkdirSync(join(host, "data"));
    writeFileSync(join(host, "data", "in.txt"), "one\ntwo\n");
    const mounts = [{ kind: "overlay", host: join(host, "data"), guest: "/data" }] as const;
    sandbox = await Sandbox.open({
      cells: 2,
      cacheDirectory: TEST_CACHE,
      mounts: [...mounts],
      limits: { wallMs: 20_000 },
    });
  });
  after(() => sandbox.close());

  test("runs Python, the shell and any program", async () => {
    assert.equal((await run(python("print(6*7)"))).stdoutText, "42\n");
    assert.equal((await run(shell("echo $((6*7)) | cat"))).stdoutText, "42\n");
    assert.equal((await run({ tool: "exec", program: "expr", args: ["6", "*", "7"] })).stdoutText, "42\n");
  });

  test("tells statuses, signals and streams apart", async () => {
    const failed = await run(shell("echo out; echo err >&2; exit 7"));
    assert.equal(failed.status, "failed");
    assert.deepEqual([failed.exitCode, failed.stdoutText, failed.stderrText], [7, "out\n", "err\n"]);
    const killed = await run(shell("kill -SEGV $$"));
    assert.ok(killed.status === "signaled");
    assert.deepEqual([killed.signal, killed.signalNumber, killed.exitCode], ["SIGSEGV", 11, 139]);
    const raised = await run(python("raise ValueError('x')"));
    assert.equal(raised.exitCode, 1);
    assert.match(raised.stderrText, /^Traceback .*\n {2}File "<string>", line 1, in <module>\nValueError: x\n$/s);
  });

  test("passes stdin, arguments, environment and directory, and nothing of the host's environment", async () => {
    process.env.ZTL_TEST_SECRET = "s3cret";
    try {
      const code =
        "import os, sys; print(sys.stdin.read(), sys.argv, os.environ['A'], os.getcwd(), 'ZTL_TEST_SECRET' in os.environ)";
      const result = await run(python(code, { stdin: "in", args: ["x", "y"], env: { A: "1" }, cwd: "/usr" }));
      assert.equal(result.stdoutText, "in ['-c', 'x', 'y'] 1 /usr False\n");
      const script = await run(
        shell('cat; echo "$0 $1 $A $PWD $ZTL_TEST_SECRET"', { stdin: "in ", args: ["x"], env: { A: "1" } }),
      );
      assert.match(script.stdoutText, /^in \/\S*sh x 1 \/data \n$/);
    } finally {
      delete process.env.ZTL_TEST_SECRET;
    }
  });

  test("honours variables that Python reads when it starts", async () => {
    const result = await run(
      python("import os, sys; print(sys.flags.utf8_mode, os.environ['PYTHONUTF8'])", { env: { PYTHONUTF8: "1" } }),
    );
    assert.equal(result.stdoutText, "1 1\n");
  });

  test("starts each call from the same state", async () => {
    const first = await run(
      python("open('/tmp/left', 'w').write('x'); import json; json.left = 1; import random; print(random.random())"),
    );
    const second = await run(python("import os, json; print(os.listdir('/tmp'), hasattr(json, 'left'))"));
    const third = await run(python("import random; print(random.random())"));
    assert.equal(second.stdoutText, "[] False\n");
    assert.notEqual(first.stdoutText, third.stdoutText);
  });

  test("reports what was read and what would change, and changes nothing", async () => {
    const result = await run(
      shell("cat in.txt; echo three >> in.txt; mkdir d; echo new > d/f; ln -s f d/l; rm -f absent"),
    );
    assert.equal(result.stdoutText, "one\ntwo\n");
    const [read] = result.reads.filter((file) => file.path === "/data/in.txt");
    assert.equal(read?.sha256, createHash("sha256").update("one\ntwo\n").digest("hex"));
    assert.deepEqual(
      result.changes.map(({ path, kind, fileType }) => `${kind} ${fileType} ${path}`),
      ["add directory /data/d", "add file /data/d/f", "add symlink /data/d/l", "modify file /data/in.txt"],
    );
    const modified = result.changes.find((change) => change.path === "/data/in.txt");
    assert.equal(Buffer.from(modified?.content ?? []).toString(), "one\ntwo\nthree\n");
    assert.deepEqual(readdirSync(join(host, "data")), ["in.txt"]);
    assert.equal(readFileSync(join(host, "data", "in.txt"), "utf8"), "one\ntwo\n");
  });

  test("gives the exact bytes of a name that is not text", async () => {
    const result = await run(shell("printf x > $(printf 'a\\377b')"));
    assert.equal(result.changes[0]?.path, "/data/a\ufffdb");
    assert.deepEqual(Buffer.from(result.changes[0]?.pathBytes ?? []), Buffer.from("/data/a\xffb", "latin1"));
  });

  test("measures its phases", async () => {
    const { timingsMs } = await run(python("pass"));
    assert.ok(timingsMs.queue <= timingsMs.start && timingsMs.start < timingsMs.total);
    assert.ok(timingsMs.run > 0 && timingsMs.rollback > 0 && timingsMs.run + timingsMs.rollback < timingsMs.total);
  });

  test("tells which files are gone with the run", async () => {
    const { diagnostics } = await run(
      shell(
        "echo a >/tmp/a; mkdir -p ~/b/c; echo x >~/b/c/$(printf '\\377'); : >/tmp/empty; echo h >~/.hidden; echo d >/data/kept",
      ),
    );
    assert.deepEqual(diagnostics.vanished, { paths: ["/home/agent/b/c/\ufffd", "/tmp/a"], files: 2 });
    const { diagnostics: many } = await run(shell("for i in $(seq 30); do echo x >/tmp/$i; done; rm /tmp/1"));
    assert.deepEqual([many.vanished?.files, many.vanished?.paths.length], [29, 10]);
    assert.equal(
      (await run(python("import json, tempfile; tempfile.TemporaryFile().write(b'x')"))).diagnostics.vanished,
      undefined,
    );
  });

  test("names unknown system calls", async () => {
    const { diagnostics } = await run(python("import ctypes; print(ctypes.CDLL(None).syscall(1000, 0))"));
    assert.deepEqual(diagnostics.unknownSyscalls, { "syscall 1000": 1 });
    assert.ok(diagnostics.exits > 0 && diagnostics.syscalls > 0 && diagnostics.peakMemoryBytes > 0);
  });

  describe("that cannot run", () => {
    const cases: [name: string, call: ToolCall, code: string][] = [
      ["a missing program", { tool: "exec", program: "no-such-program" }, "program-not-found"],
      ["a directory", { tool: "exec", program: "/usr" }, "program-not-executable"],
      ["a file that is not a program", { tool: "exec", program: "/etc/hosts" }, "program-not-executable"],
      ["a missing directory to start in", { tool: "exec", program: "true", cwd: "/nowhere" }, "cwd-not-found"],
      ["Python in a missing directory", { tool: "python", code: "1", cwd: "/nowhere" }, "cwd-not-found"],
      ["Python in a file", { tool: "python", code: "1", cwd: "/etc/hosts" }, "cwd-not-found"],
      ["a huge argument", { tool: "exec", program: "true", args: ["x".repeat(100_000_000)] }, "arguments-too-long"],
    ];
    for (const [name, call, code] of cases) {
      test(name, async () => {
        const result = await run(call);
        assert.ok(result.status === "error", result.status);
        assert.equal(result.error.code, code);
        assert.equal((await run(shell("echo on"))).stdoutText, "on\n");
      });
    }
  });

  describe("that is no call is refused", () => {
    const cases: Record<string, unknown> = {
      "unknown tool": { tool: "perl" },
      "neither code nor file": { tool: "python" },
      "both code and file": { tool: "python", code: "", file: "/x" },
      "unknown member": { tool: "shell", code: "", shell: "zsh" },
      "relative cwd": { tool: "shell", code: "", cwd: "x" },
      "NUL in an argument": { tool: "exec", program: "a", args: ["\0"] },
      "variable with =": { tool: "exec", program: "a", env: { "A=": "1" } },
      "negative limit": { tool: "exec", program: "a", limits: { wallMs: -1 } },
      "more memory than the sandbox": { tool: "exec", program: "a", limits: { memoryBytes: 2 ** 31 } },
    };
    for (const [name, call] of Object.entries(cases)) {
      test(name, () => assert.rejects(run(call as ToolCall), { name: "ZtlError", code: "invalid-input" }));
    }
  });

  describe("ends at its limit, and the next one runs", () => {
    const cases: [limit: string, call: ToolCall][] = [
      ["wall", shell("sleep 60", { limits: { wallMs: 300 } })],
      ["cpu", python("while True: pass", { limits: { cpuMs: 300 } })],
      ["memory", python("x = []\nwhile True: x.append(bytearray(1 << 20))", { limits: { memoryBytes: 100 << 20 } })],
      ["processes", shell("f() { f & f & wait; }; f", { limits: { processes: 20 } })],
      ["files", python("x = [open('/dev/null') for _ in range(1000)]", { limits: { openFiles: 50 } })],
      ["overlay", shell("head -c 50000000 /dev/zero > /data/big", { limits: { overlayBytes: 1 << 20 } })],
      ["output", shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", { limits: { outputBytes: 10_000 } })],
    ];
    for (const [limit, call] of cases) {
      test(limit, async () => {
        const result = await run(call);
        assert.ok(result.status === "limit", `${result.status} ${result.stderrText}`);
        assert.equal(result.limit, limit);
        if (limit === "output") assert.equal(result.stdout.length, 10_000);
        assert.equal(
          (await run({ tool: call.tool, code: call.tool === "python" ? "print(1)" : "echo 1" } as ToolCall)).stdoutText,
          "1\n",
        );
      });
    }
  });

  test("can be cancelled before it starts, while it waits, and while it runs", async () => {
    const now = new AbortController();
    now.abort();
    assert.equal((await sandbox.run(shell("sleep 60"), { signal: now.signal })).status, "cancelled");
    const later = new AbortController();
    const runs = ["sleep 60", "while :; do :; done", "sleep 60", "sleep 60"].map((code) =>
      sandbox.run(shell(code), { signal: later.signal }),
    );
    setTimeout(() => later.abort(), 200);
    for (const result of await Promise.all(runs)) assert.equal(result.status, "cancelled");
    assert.equal((await run(shell("echo on"))).stdoutText, "on\n");
  });
});

describe("the guest's file tree", { skip: kvmMissing }, () => {
  test("shows the host's programs and nothing of its users", async () => {
    await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE });
    const { stdoutText } = await sandbox.run(
      shell("ls /home /var /run /etc/shadow /root/.ssh /proc/self/root/home 2>&1; cat /etc/passwd; id -un"),
    );
    assert.doesNotMatch(stdoutText, /docker\.sock|id_rsa|\$6\$/);
    assert.match(stdoutText, /ls: cannot access '\/etc\/shadow': No such file or directory/);
    assert.match(stdoutText, /\/home:\nagent\n/);
    const written = await sandbox.run(shell("touch /usr/bin/x /etc/hosts /bin/x; echo $?"));
    assert.match(written.stderrText, /Read-only file system/);
  });

  test("takes files, links, read-only and overlay mounts of the caller, and refuses missing ones", async () => {
    const tree = join(host, "tree");
    mkdirSync(tree);
    writeFileSync(join(tree, "f"), "from host");
    chmodSync(join(tree, "f"), 0o640);
    symlinkSync("/etc/shadow", join(tree, "escape"));
    await using sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [
        { kind: "ro", host: tree, guest: "/ro" },
        { kind: "ro", host: join(tree, "f"), guest: "/single" },
        { kind: "file", guest: "/etc/hosts", content: "mine\n" },
        { kind: "symlink", guest: "/link", target: "/ro/f" },
        { kind: "tmpfs", guest: "/scratch" },
      ],
    });
    const result = await sandbox.run(
      shell("cat /ro/f /single /etc/hosts /link; echo x > /scratch/y; echo x > /ro/f; cat /ro/escape; pwd"),
    );
    assert.equal(result.stdoutText, "from hostfrom hostmine\nfrom host/ro\n");
    assert.match(result.stderrText, /Read-only file system/);
    assert.match(result.stderrText, /\/ro\/escape: No such file/);
    assert.equal(statSync(join(tree, "f")).mode & 0o777, 0o640);
    const missing = Sandbox.open({ mounts: [{ kind: "ro", host: join(host, "absent"), guest: "/x" }] });
    await assert.rejects(missing, { code: "mount-not-found" });
  });
});
