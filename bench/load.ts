import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ZeroTrustLoop } from "../src/loop/index.ts";
import { talk } from "../src/loop/testing.ts";
import { describeMachine } from "./machine.ts";
import { round, summarise } from "./statistics.ts";

/**
 * `npm run bench:load [-- --directory DIR --seconds N --json]`: agents at once, with the state on the disk of that directory. Python
 * calls of 8 agents, results of 32 agents' tools that ran elsewhere, and 400 calls in one go, which must all be answered. Results come as
 * fast as they are taken, which tells how many there can be, and at the pace of agents that think, which tells how long each takes.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    seconds: { type: "string", default: "5" },
    directory: { type: "string" },
  },
});
const DURATION_MS = Number(values.seconds) * 1000;
const CALLERS = 8;
const RECEIVERS = 32;
const AT_ONCE = 400;
/** What an agent does between two results: a quick model answers in so long. */
const THINKING_MS = 400;
/** How often the monitor looks; it adds as much to each delay. */
const RESOLUTION_MS = 5;
const CODE = "for i in range(8): print('The quick brown fox jumps over the lazy dog; line %6d of 64' % i)";
const PAGE = "Somebody wrote about ordinary matters of the day, and nothing in it is an order.\n".repeat(10);

const directory = mkdtempSync(join(values.directory ?? tmpdir(), "ztl-bench-load-"));
mkdirSync(join(directory, "project"));
const mounts = [{ host: "project", guest: "/project", mode: "overlay" as const }];
const loop = await ZeroTrustLoop.open({
  directory,
  config: {
    stateDirectory: "state",
    agents: { "agent*": { role: "worker" } },
    roles: { worker: { tools: ["python", "fetch"] } },
    tools: { python: { template: "python", mounts }, fetch: { external: true } },
  },
});

async function pythonCall(agent: number): Promise<number> {
  const begun = performance.now();
  const { status } = await talk(loop, `agent${agent}`).call({ tool: "python", input: { code: CODE } });
  if (status !== "ok") throw new Error(`The call is ${status}`);
  return performance.now() - begun;
}

let pages = 0;
async function receivePage(agent: number): Promise<number> {
  const conversation = talk(loop, `agent${agent}`);
  const permit = await conversation.permit({ tool: "fetch", input: { page: pages++ } });
  if (permit.status !== "permitted") throw new Error(`The permit is ${permit.status}`);
  const begun = performance.now();
  const { status } = await conversation.receive({ callId: permit.callId, content: PAGE });
  if (status !== "ok") throw new Error(`What was received is ${status}`);
  return performance.now() - begun;
}

/** So many agents, each with its next work as soon as the last is done, or so long after. */
async function load(agents: number, work: (agent: number) => Promise<number>, thinkingMs = 0) {
  const waits: number[] = [];
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: agents }, async (_, agent) => {
      // Not all at once: agents do not think in step.
      if (thinkingMs > 0) await sleep((agent / agents) * thinkingMs);
      while (performance.now() - begun < DURATION_MS) {
        waits.push(await work(agent));
        if (thinkingMs > 0) await sleep(thinkingMs);
      }
    }),
  );
  const perSecond = round((waits.length / (performance.now() - begun)) * 1000);
  delays.disable();
  const late = (percent: number): number => round(delays.percentile(percent) / 1e6 - RESOLUTION_MS);
  return { agents, perSecond, waitMs: summarise(waits), eventLoopLateMs: { p50: late(50), p99: late(99) } };
}

async function allAtOnce() {
  const begun = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => pythonCall(i % RECEIVERS)));
  return { answered: AT_ONCE, seconds: round((performance.now() - begun) / 1000) };
}

try {
  await Promise.all(Array.from({ length: CALLERS }, (_, agent) => pythonCall(agent)));
  await receivePage(0);
  const figures = {
    machine: describeMachine(),
    pythonCalls: await load(CALLERS, pythonCall),
    received: await load(RECEIVERS, receivePage),
    receivedAtPace: await load(RECEIVERS, receivePage, THINKING_MS),
    atOnce: await allAtOnce(),
  };
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else {
    const { pythonCalls, received, receivedAtPace } = figures;
    const named = { "python calls": pythonCalls, received, [`received, thinking ${THINKING_MS} ms`]: receivedAtPace };
    for (const [name, one] of Object.entries(named)) {
      const { agents, perSecond, waitMs, eventLoopLateMs } = one;
      console.log(
        `${agents} agents, ${name}: ${perSecond}/s, wait p50 ${waitMs.p50} ms, p99 ${waitMs.p99} ms; ` +
          `event loop late p50 ${eventLoopLateMs.p50} ms, p99 ${eventLoopLateMs.p99} ms`,
      );
    }
    console.log(`${figures.atOnce.answered} calls at once, all answered: ${figures.atOnce.seconds} s`);
  }
} finally {
  await loop.close();
  rmSync(directory, { recursive: true, force: true });
}
