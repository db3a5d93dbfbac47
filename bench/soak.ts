import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type RunResult, Sandbox, type ToolCall } from "../src/index.ts";
import { childPids, openDescriptors } from "../src/sandbox/testing.ts";

/** `npm run soak [-- --calls N]`: many calls of every kind of ending in a row; nothing may grow. */

const { values } = parseArgs({ options: { calls: { type: "string" } } });
const calls = Number(values.calls ?? 20_000);
const CELLS = 2;

interface Kind {
  readonly call: ToolCall;
  readonly expected: RunResult["status"];
  /** How often, in a thousand calls. */
  readonly share: number;
}

const KINDS: readonly Kind[] = [
  { call: { tool: "python", code: "x = list(range(1000)); print(len(x))" }, expected: "ok", share: 700 },
  { call: { tool: "python", code: "open('/tmp/f', 'w').write('x' * 100000)" }, expected: "ok", share: 100 },
  { call: { tool: "python", code: "1/0" }, expected: "failed", share: 50 },
  { call: { tool: "python", code: "import os; os.kill(os.getpid(), 11)" }, expected: "signaled", share: 50 },
  { call: { tool: "shell", code: "echo a | cat > /tmp/x; (sleep 1 &) ; wc -c < /tmp/x" }, expected: "ok", share: 40 },
  { call: { tool: "python", code: "while True: pass", limits: { wallMs: 30 } }, expected: "limit", share: 20 },
  {
    call: { tool: "python", code: "x = bytearray(200 << 20)", limits: { memoryBytes: 100 << 20 } },
    expected: "limit",
    share: 10,
  },
  { call: { tool: "shell", code: "f() { f | f; }; f", limits: { processes: 20 } }, expected: "limit", share: 10 },
  { call: { tool: "exec", program: "no-such-program" }, expected: "error", share: 20 },
];

function pick(index: number): Kind {
  let at = (index * 617) % 1000;
  for (const kind of KINDS) {
    at -= kind.share;
    if (at < 0) return kind;
  }
  throw new Error("The shares do not add up to a thousand");
}

function residentMiB(pid: number | "self"): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function state(): string {
  const cells = childPids();
  const fds = cells.map((pid) => readdirSync(`/proc/${pid}/fd`).length);
  return `host ${residentMiB("self")} MiB, ${openDescriptors()} descriptors; cells ${cells.map(residentMiB).join(", ")} MiB, ${fds.join(", ")} descriptors`;
}

await using sandbox = await Sandbox.open({ cells: CELLS, prewarm: ["python", "shell", "exec"] });
const started = performance.now();
let next = 0;
let wrong = 0;
let kills = 0;
async function worker(): Promise<void> {
  for (let index = next++; index < calls; index = next++) {
    const { call, expected } = pick(index);
    // Now and then a cell is killed from outside: its call is lost, the next one must not be.
    const victim = index % 997 === 996 ? childPids()[index % CELLS] : undefined;
    const running = sandbox.run(call);
    if (victim !== undefined) {
      process.kill(victim, "SIGKILL");
      kills++;
    }
    const run = await running;
    const lost = run.status === "error" && run.error.code === "cell-lost";
    if (run.status !== expected && !(lost && kills > 0)) {
      wrong++;
      console.log(
        `call ${index}: ${run.status} instead of ${expected}`,
        JSON.stringify(call),
        run.status === "error" ? run.error : run.stderrText,
      );
    }
    if (index % Math.ceil(calls / 20) === 0)
      console.log(`${String(index).padStart(6)}  ${((performance.now() - started) / 1000).toFixed(0)} s  ${state()}`);
  }
}
await Promise.all(Array.from({ length: CELLS }, worker));
console.log(`${calls} calls, ${kills} kills, ${wrong} wrong; ${state()}`);
await sandbox.close();
const left = childPids();
console.log(left.length === 0 ? "no process is left" : `LEFT: ${left.join(", ")}`);
process.exitCode = wrong > 0 || left.length > 0 ? 1 : 0;
