import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findProgram } from "../sandbox/testing.ts";
import { kvmMissing } from "../vmm/testing.ts";

/** The command as a user starts it, in processes of its own. */

const launcher = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "ztl-command-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function ztl(args: readonly string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], { input, encoding: "utf8", cwd: directory });
}

describe("without a virtual machine", () => {
  test("help, version, and usage errors with status 125", () => {
    assert.match(ztl(["--help"]).stdout, /ztl run \[options\] -- PROGRAM/);
    assert.match(ztl(["run", "--help"]).stdout, /Exit status:/);
    assert.match(ztl(["version"]).stdout, /^\d+\.\d+\.\d+\n$/);
    for (const args of [
      [],
      ["fly"],
      ["run"],
      ["run", "ls"],
      ["run", "--timeout", "x", "--", "ls"],
      ["doctor", "--unknown"],
    ]) {
      const { status, stdout, stderr } = ztl(args);
      assert.deepEqual([status, stdout], [125, ""], args.join(" "));
      assert.notEqual(stderr, "");
    }
  });

  test("a guest's --help is its own", { skip: kvmMissing }, () => {
    assert.match(ztl(["run", "--", "ls", "--help"]).stdout, /Usage: ls/);
  });
});

describe("ztl run", { skip: kvmMissing }, () => {
  test("passes exit statuses, streams and signals through", () => {
    const { status, stdout, stderr } = ztl(["run", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.deepEqual({ status, stdout, stderr }, { status: 7, stdout: "out\n", stderr: "err\n" });
    assert.equal(ztl(["run", "--shell", "kill -TERM $$"]).status, 143);
    assert.equal(ztl(["run", "--timeout", "200ms", "--", "sleep", "60"]).status, 124);
    assert.equal(ztl(["run", "--", "/etc"]).status, 126);
    assert.equal(ztl(["run", "--", "no-such-program"]).status, 127);
    assert.equal(ztl(["run", "--mount", "/no/such/place:/x", "--", "true"]).status, 125);
  });

  test("takes Python as code, as a file with arguments, and from standard input", () => {
    assert.equal(ztl(["run", "--python", "print(6*7)"]).stdout, "42\n");
    writeFileSync(join(directory, "script.py"), "import sys\nprint(sys.argv[1:], __name__)\n1/0\n");
    const script = ztl(["run", "--python", "script.py", "--", "a", "-b"]);
    assert.equal(script.stdout, "['a', '-b'] __main__\n");
    assert.match(script.stderr, /script\.py", line 3, in <module>\n {4}1\/0\n/);
    assert.equal(ztl(["run", "--python", "-"], "print('from stdin')").stdout, "from stdin\n");
    assert.equal(ztl(["run", "-i", "--python", "print(input()[::-1])"], "abc\n").stdout, "cba\n");
  });

  test("--json prints one object", () => {
    const { stdout, status } = ztl([
      "run",
      "--json",
      "--mount",
      ".:/data",
      "--shell",
      "echo hi; printf '\\377' >&2; echo x > new; exit 3",
    ]);
    const run = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(status, 3);
    assert.deepEqual(
      [run.status, run.exitCode, run.stdout, run.stderr, run.stderrBase64],
      ["failed", 3, "hi\n", "\ufffd", "/w=="],
    );
    assert.deepEqual(Object.keys(run.timingsMs as object), ["queue", "start", "run", "rollback", "total"]);
    const [change] = run.changes as Record<string, unknown>[];
    assert.deepEqual(
      [change?.kind, change?.path, change?.sizeBytes, change?.content],
      ["add", "/data/new", 2, undefined],
    );
  });

  test("--trace tells system calls on standard error or in a file, --stats counts them", () => {
    const file = join(directory, "trace.txt");
    const { status, stderr } = ztl(["run", `--trace=${file}`, "--stats", "--", "cat", "/missing\u202e"]);
    assert.equal(status, 1);
    assert.match(stderr, /^ +ms +calls +errors system call$/m);
    assert.match(stderr, /^ +[\d.]+ +1 +execve$|^ +[\d.]+ +\d+ +\d+ openat$/m);
    assert.match(
      stderr,
      /^\d+ system calls, \d+ exits of the micro-VM, \d+ page faults, \d+ switches between threads$/m,
    );
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const opened = lines.find((line) => line.includes("/missing"));
    assert.match(
      opened ?? "",
      /^\d+ +\d+\.\d{6} openat\(AT_FDCWD, "\/missing\\u202e", O_RDONLY\) += -1 ENOENT <\d+\.\d{6}>$/,
    );
    assert.match(lines.at(-1) ?? "", /exit_group\(1\) += \? </);
    const here = ztl([
      "run",
      "--trace-calls=mount",
      "--python",
      "import ctypes; ctypes.CDLL(None).mount(0, 0, 0, 0, 0)",
    ]);
    assert.match(
      here.stderr,
      /^\d+ .*mount\(NULL, NULL, NULL, NULL, NULL\) += -1 EPERM <.*> {2}! refused by ztl: .*\n$/,
    );
  });

  test("names calls that ztl does not know when a program fails, and not when it succeeds", () => {
    const code = "import ctypes, sys; ctypes.CDLL(None).syscall(1000); sys.exit(int(sys.argv[1]))";
    assert.match(ztl(["run", "--python", code, "--", "3"]).stderr, /ztl does not know: syscall 1000\n$/);
    assert.equal(ztl(["run", "--python", code, "--", "0"]).stderr, "");
  });

  test("does not mind a reader that stops reading", () => {
    const script = `${process.execPath} ${launcher} run --shell 'seq 100000' | head -n 1; echo "\${PIPESTATUS[0]}"`;
    assert.equal(spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout, "1\n0\n");
  });

  test("Ctrl-C ends it with status 130 and what was written until then", async () => {
    const child = spawn(process.execPath, [launcher, "run", "--shell", "echo before; sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    while (!hasConfinedCell(child.pid as number)) await sleep(50);
    // The cell has its guest now; the shell in it needs some milliseconds for its first line.
    await sleep(1000);
    child.kill("SIGINT");
    const [status] = (await once(child, "close")) as [number];
    assert.deepEqual([status, stdout], [130, "before\n"]);
  });

  const scriptProgram = findProgram("script");
  test("shows changes and defuses control sequences on a terminal", {
    skip: scriptProgram ? false : "no script(1) to make a terminal",
  }, () => {
    const command = `${process.execPath} ${launcher} run --mount ${directory}:/data --shell 'printf "\\033]0;title\\007\\n"; touch "$(printf "a\\nb")"'`;
    const { stdout } = spawnSync(scriptProgram as string, ["-qec", command, "/dev/null"], { encoding: "utf8" });
    assert.match(stdout, /⟦U\+001B⟧\]0;title⟦U\+0007⟧/);
    assert.match(stdout, /1 change stayed in the micro-VM and was dropped:\r\n {2}\+ \/data\/a⟦U\+000A⟧b/);
  });
});

/** Whether a process has a cell, behind its launcher, that closed its jail's second door: the last thing before its run. */
function hasConfinedCell(pid: number): boolean {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return children.some(
      (child) =>
        /^Seccomp_filters:\t2$/m.test(readFileSync(`/proc/${child}/status`, "utf8")) || hasConfinedCell(Number(child)),
    );
  } catch {
    return false; // Gone in between.
  }
}

test("ztl doctor explains this host", () => {
  const { stdout, status } = ztl(["doctor", "--json"]);
  const report = JSON.parse(stdout) as {
    usable: boolean;
    findings: { subject: string; state: string; text: string }[];
  };
  assert.equal(status, report.usable ? 0 : 1);
  assert.equal(report.usable, kvmMissing === false, stdout);
  for (const subject of ["Node", "KVM", "Python", "Template cache"])
    assert.ok(
      report.findings.some((finding) => finding.subject === subject),
      subject,
    );
});
