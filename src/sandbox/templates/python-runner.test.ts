import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DEFAULT_PRELOAD, encodePythonJob, pythonBootstrap } from "./python-job.ts";

/**
 * The runner promises that a job cannot tell it from `python3 -c`. So every program below is run both ways, without any
 * VM, and stdout, stderr and exit status are compared.
 */

const runner = fileURLToPath(new URL("../../../guest/python_runner.py", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "ztl-runner-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function findPython(): string | undefined {
  try {
    return execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
const python = findPython();
const skip = python === undefined ? "no python3 on this host" : false;
const env = { PATH: "/usr/bin:/bin", HOME: directory, LANG: "C.UTF-8" };

interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

async function end(args: readonly string[], job: Uint8Array | undefined, stdin: string): Promise<Ending> {
  const child = spawn(python as string, args, { cwd: directory, env, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const texts = ["", ""];
  [child.stdout, child.stderr].forEach((stream, i) => {
    (stream as Readable).setEncoding("utf8").on("data", (text: string) => {
      texts[i] += text;
    });
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(stdin);
  const channel = child.stdio[3] as Writable;
  channel.on("error", () => {});
  channel.end(job);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  const [stdout, stderr] = texts.map((text) => text.replace(/0x[0-9a-f]{6,}/g, "0xADDRESS"));
  return { stdout: stdout as string, stderr: stderr as string, code, signal };
}

async function viaRunner(code: string | undefined, argv: readonly string[], stdin: string): Promise<Ending> {
  const filename = code === undefined ? (argv[0] as string) : "<string>";
  const job = encodePythonJob({ code, argv, filename, cwd: undefined, env: { set: {}, unset: [] } });
  const ending = await end(["-c", pythonBootstrap(DEFAULT_PRELOAD, runner)], job, stdin);
  assert.ok(ending.stdout.startsWith("ready\n"), ending.stdout + ending.stderr);
  return { ...ending, stdout: ending.stdout.slice("ready\n".length) };
}

const programs: Record<string, string> = {
  prints: "print(6*7)",
  "empty program": "",
  "main module": "import sys; print(__name__, sorted(k for k in globals()), sys.argv, sys.path[0], __builtins__)",
  "pickles a class of __main__": "import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A)).x, A.__module__)",
  "flags and orig_argv": "import sys; print(sys.flags, getattr(sys, 'orig_argv', [])[1:])",
  "reads stdin": "import sys; print(sys.stdin.read().upper()); print(input.__name__)",
  "exit status": "import sys; sys.exit(7)",
  "exit status, wrapped": "raise SystemExit(-1)",
  "exit status, huge": "raise SystemExit(1 << 40)",
  "exit with text": "import sys; print('out'); sys.exit('bye')",
  "exit without": "raise SystemExit",
  "uncaught StopIteration": "next(iter([]))",
  "exit true": "import sys; sys.exit(True)",
  "uncaught exception": "def f():\n  return 1/0\nprint('a')\nf()",
  "chained exceptions": "try:\n  {}['k']\nexcept KeyError as e:\n  raise ValueError('v') from e",
  "exception in context": "try:\n  {}['k']\nexcept KeyError:\n  int('x')",
  "syntax error": "print('never')\nfoo bar",
  "indentation error": "if True:\nprint(1)",
  "null byte": "print(1)\0",
  "custom excepthook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__, a[2].tb_lineno)\n\n1/0",
  "failing excepthook": "import sys\ndef hook(*a): raise KeyError('h')\nsys.excepthook = hook\n1/0",
  "excepthook that exits": "import sys\ndef hook(*a): sys.exit(9)\nsys.excepthook = hook\n1/0",
  "keyboard interrupt": "raise KeyboardInterrupt",
  "real SIGINT": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)",
  "kills itself": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
  abort: "import os; os.abort()",
  atexit: "import atexit\natexit.register(print, 'later')\nprint('now')",
  "failing atexit": "import atexit\natexit.register(lambda: 1/0)",
  "atexit after failure": "import atexit\natexit.register(print, 'later')\nraise SystemExit(3)",
  "thread outlives main":
    "import threading, time\ndef f():\n  time.sleep(.05); print('thread')\nthreading.Thread(target=f).start()\nprint('main')",
  "failing thread": "import threading\nt = threading.Thread(target=lambda: 1/0, name='T'); t.start(); t.join()",
  "thread pool":
    "from concurrent.futures import ThreadPoolExecutor as P\nprint(list(P(2).map(lambda x: x*x, range(5))))",
  "unclosed file": "f = open('unclosed.txt', 'w'); f.write('kept')\nimport atexit\nprint(1)",
  "file closed in a function":
    "def f():\n  g = open('local.txt', 'w')\n  g.write('x')\nf()\nprint(open('local.txt').read())",
  "del at the end": "class A:\n  def __del__(self): print('del', helper())\ndef helper(): return 'h'\na = A()",
  "cycle at the end": "class A:\n  def __del__(self): print('gone')\na = A(); a.me = a",
  "weakref finalize": "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'finalized')",
  "stdout closed": "import sys; print('x'); sys.stdout.close()",
  "stderr text": "import sys; print('e', file=sys.stderr); print('o')",
  "warning at run": "import warnings; warnings.warn('careful')",
  "warning at compile": "x = '\\d'\nprint(1 is 1)",
  deprecation: "import warnings; warnings.warn('old', DeprecationWarning)",
  "os._exit": "import os; print('lost'); os._exit(4)",
  "fork and wait":
    "import os\npid = os.fork()\nif pid == 0:\n  print('child')\nelse:\n  print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))",
  subprocess:
    "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(1+1)'], capture_output=True))",
  "non-ascii": "print('äöü €', 'naïve'.encode())",
  "exception with non-ascii": "raise ValueError('ä€')",
  "surrogates to stdout": "print('\\udc80')",
  "future import": "from __future__ import annotations\ndef f(x: undefined): pass\nprint(f.__annotations__)",
  "deep traceback": "def f(n):\n  if n: f(n-1)\n  else: raise RuntimeError('deep')\nf(10)",
  "exception group":
    "import sys\nif sys.version_info >= (3, 11): raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
  "stack of the job": "import traceback\ndef f(): return [e.name for e in traceback.extract_stack()][-1]\nprint(f())",
  "recursion error is caught": "def f(): f()\ntry: f()\nexcept RecursionError as e: print(e)",
  "hash functions": "import hashlib; print(hashlib.sha256(b'x').hexdigest())",
  "broken stdout": "import os, sys; os.close(1); print('x'); sys.stdout.flush()",
  "stdout broken at exit": "import os; print('x'); os.close(1)",
};

describe("a job cannot tell the runner from python3 -c", { skip, concurrency: 2 }, () => {
  for (const [name, code] of Object.entries(programs)) {
    test(name, async () => {
      const [native, ours] = await Promise.all([
        end(
          ["-c", code, "a", "b"].filter((part) => !part.includes("\0")),
          undefined,
          "input\n",
        ),
        viaRunner(code, ["-c", "a", "b"], "input\n"),
      ]);
      // A NUL cannot be passed to a native python3 as an argument: for that program only the kind of error is known.
      if (code.includes("\0")) assert.match(ours.stderr, /(ValueError|SyntaxError): source code .*null bytes/);
      else assert.deepEqual(ours, native);
    });
  }

  test("a file runs as python3 FILE does", async () => {
    const file = join(directory, "script.py");
    writeFileSync(join(directory, "helper.py"), "VALUE = 5\n");
    writeFileSync(
      file,
      "# -*- coding: latin-1 -*-\nimport sys, helper\nprint(__file__, sys.argv, sys.path[0], helper.VALUE, __spec__, '\xe4')\nhelper.missing\n",
      "latin1",
    );
    for (const path of [file, "script.py", "absent.py"]) {
      assert.deepEqual(await viaRunner(undefined, [path, "x"], ""), await end([path, "x"], undefined, ""));
    }
  });
});

describe("the runner", { skip }, () => {
  test("gives every clone other random numbers, and the same for the same seed", async () => {
    const code = "import random; print(random.random())";
    const outputs = new Set<string>();
    for (const seed of ["01".repeat(32), "01".repeat(32), "02".repeat(32)]) {
      const job = encodePythonJob(
        { code, argv: ["-c"], filename: "<string>", cwd: undefined, env: { set: {}, unset: [] } },
        seed,
      );
      outputs.add((await end(["-c", pythonBootstrap(["random"], runner)], job, "")).stdout);
    }
    assert.equal(outputs.size, 2);
  });

  test("changes the environment and the directory, and takes a job longer than its buffer", async () => {
    const code = `import os\nprint(os.environ.get('NEW'), os.environ.get('HOME'), os.getcwd())\n#${"x".repeat(1_000_000)}`;
    const job = encodePythonJob({
      code,
      argv: ["-c"],
      filename: "<string>",
      cwd: "/usr",
      env: { set: { NEW: "värde" }, unset: ["HOME"] },
    });
    const ending = await end(["-c", pythonBootstrap(["traceback"], runner)], job, "");
    assert.equal(ending.stdout, "ready\nvärde None /usr\n");
  });
});
