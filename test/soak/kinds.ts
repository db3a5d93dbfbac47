import type { RunResult, ToolCall } from "../../src/index.ts";

/** The calls of a soak: every way a call can end. */

export interface Kind {
  readonly name: string;
  readonly call: ToolCall;
  /** True when the result is what this call must give. */
  readonly isRight: (result: RunResult) => boolean;
  /** Calls of this kind in a thousand. */
  readonly share: number;
  /** What is done to it from outside while it runs. */
  readonly disturbance?: "cancel" | "kill";
}

const limits = { wallMs: 20_000 };
const python = (code: string, more: ToolCall["limits"] = {}): ToolCall => ({
  tool: "python",
  code,
  limits: { ...limits, ...more },
});
const shell = (code: string, more: ToolCall["limits"] = {}): ToolCall => ({
  tool: "shell",
  code,
  limits: { ...limits, ...more },
});
const prints = (text: string) => (result: RunResult) => result.status === "ok" && result.stdoutText === text;
const exits = (code: number) => (result: RunResult) => result.status === "failed" && result.exitCode === code;
const dies = (signal: string) => (result: RunResult) => result.status === "signaled" && result.signal === signal;
const stopsAt = (limit: string) => (result: RunResult) => result.status === "limit" && result.limit === limit;
const fails = (code: string) => (result: RunResult) => result.status === "error" && result.error.code === code;

/** A program that looks for traces of earlier calls, leaves some itself, and must never find any. */
const LEAVES_TRACES = `
import os, threading
found = [name for name in os.listdir('/tmp')] + [fd for fd in os.listdir('/proc/self/fd') if int(fd) > 4]
print(found, os.environ.get('TRACE'), threading.active_count(), globals().get('trace'))
open('/tmp/trace', 'w').write('x' * 100_000)
os.environ['TRACE'] = '1'; trace = 1
os.dup2(1, 77); os.chdir('/tmp'); os.umask(0)
`;

export const KINDS: readonly Kind[] = [
  { name: "ok", share: 600, call: python("print(sum(range(1000)))"), isRight: prints("499500\n") },
  { name: "traces", share: 100, call: python(LEAVES_TRACES), isRight: prints("[] None 1 None\n") },
  { name: "exception", share: 50, call: python("1/0"), isRight: exits(1) },
  { name: "exit code", share: 40, call: shell("exit 7"), isRight: exits(7) },
  { name: "SIGSEGV", share: 40, call: python("import os; os.kill(os.getpid(), 11)"), isRight: dies("SIGSEGV") },
  { name: "wild pointer", share: 10, call: python("import ctypes; ctypes.string_at(1)"), isRight: dies("SIGSEGV") },
  {
    name: "pipeline",
    share: 40,
    call: shell("echo b | tr b a > /tmp/x; (sleep 9 &); wc -c < /tmp/x"),
    isRight: prints("2\n"),
  },
  {
    name: "child",
    share: 20,
    call: python("import os; p = os.fork(); p or os._exit(3); print(os.waitpid(p, 0)[1])"),
    isRight: prints("768\n"),
  },
  { name: "wall limit", share: 20, call: python("while True: pass", { wallMs: 30 }), isRight: stopsAt("wall") },
  { name: "sleep", share: 10, call: shell("sleep 60", { wallMs: 40 }), isRight: stopsAt("wall") },
  {
    name: "memory limit",
    share: 8,
    call: python("x = bytearray(200 << 20)", { memoryBytes: 100 << 20 }),
    isRight: stopsAt("memory"),
  },
  { name: "fork bomb", share: 8, call: shell("f() { f | f; }; f", { processes: 20 }), isRight: stopsAt("processes") },
  { name: "endless output", share: 8, call: shell("yes", { outputBytes: 100_000 }), isRight: stopsAt("output") },
  {
    name: "overlay limit",
    share: 6,
    call: python("open('/tmp/x', 'wb').write(b'x' * (9 << 20))", { overlayBytes: 1 << 20 }),
    isRight: stopsAt("overlay"),
  },
  {
    name: "no program",
    share: 20,
    call: { tool: "exec", program: "no-such-program", limits },
    isRight: fails("program-not-found"),
  },
  {
    name: "cancelled",
    share: 15,
    call: python("while True: pass"),
    isRight: (result) => result.status === "cancelled",
    disturbance: "cancel",
  },
  { name: "killed cell", share: 5, call: python("while True: pass"), isRight: fails("cell-lost"), disturbance: "kill" },
];

/** The kind of the call with this number: each comes in its share, mixed. */
export function kindOf(index: number): Kind {
  const total = KINDS.reduce((sum, kind) => sum + kind.share, 0);
  // A stride without a common factor with the total visits every place once.
  let at = (index * 617) % total;
  for (const kind of KINDS) {
    at -= kind.share;
    if (at < 0) return kind;
  }
  throw new Error("The shares do not add up");
}
