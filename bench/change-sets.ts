import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type Review, type ReviewSummary, ZeroTrustLoop } from "../src/loop/index.ts";
import { talk } from "../src/loop/testing.ts";
import { startServer } from "../src/server/index.ts";
import { describeMachine } from "./machine.ts";
import type { PageAnswer, PageRequest, PageUser } from "./page-user.ts";

/**
 * `npm run bench:change-sets`: what a call that changed very many files costs on its way to the host, the way that somebody at the review
 * page takes it: by the clock and in processor time of all threads, and how long the event loop waits for it at most: by the clock, and by
 * the processor time of this thread, which other programs do not lengthen. The server runs in the loop's process; who asks it has a thread
 * of their own. With `--longest MS` it fails when the loop works longer than that without a break.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    files: { type: "string", default: "50000" },
    longest: { type: "string", default: "Infinity" },
  },
});
const FILES = Number(values.files);
const FILES_PER_DIRECTORY = 500;
const TICK_MS = 5;

interface Step {
  readonly step: string;
  readonly totalMs: number;
  readonly processorMs: number;
  readonly longestWaitMs: number;
  readonly longestBusyMs: number;
}
const steps: Step[] = [];

async function measure<T>(step: string, work: () => Promise<T>): Promise<T> {
  let [longestWaitMs, longestBusyMs] = [0, 0];
  let [at, busy] = [performance.now(), process.threadCpuUsage()];
  const tick = (): void => {
    const spent = process.threadCpuUsage(busy);
    longestWaitMs = Math.max(longestWaitMs, performance.now() - at - TICK_MS);
    longestBusyMs = Math.max(longestBusyMs, (spent.user + spent.system) / 1000);
    [at, busy] = [performance.now(), process.threadCpuUsage()];
  };
  const timer = setInterval(tick, TICK_MS);
  const [begun, processor] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const totalMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(processor);
  tick();
  clearInterval(timer);
  steps.push({ step, totalMs, processorMs: (user + system) / 1000, longestWaitMs, longestBusyMs });
  return result;
}

function expect(isSo: boolean, what: unknown): asserts isSo {
  if (!isSo) throw new Error(JSON.stringify(what)?.slice(0, 500));
}

class User {
  readonly #worker: Worker;

  constructor(workerData: PageUser) {
    this.#worker = new Worker(new URL("./page-user.ts", import.meta.url), { workerData });
  }

  async ask(request: PageRequest, status = 200): Promise<PageAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<PageAnswer>();
    this.#worker.once("message", ({ answer, failed }) => (answer ? resolve(answer) : reject(new Error(failed))));
    this.#worker.postMessage(request);
    const answer = await promise;
    expect(answer.status === status, { request: request.path, ...answer, text: answer.text.slice(0, 400) });
    return answer;
  }

  async get(step: string, path: string): Promise<string> {
    return (await measure(step, () => this.ask({ method: "GET", path }))).text;
  }

  /** What a program sends with a reviewer's token. */
  async post(step: string, path: string, body: object, status = 200): Promise<{ readonly [key: string]: unknown }> {
    const json = JSON.stringify(body);
    return JSON.parse((await measure(step, () => this.ask({ method: "POST", path, json }, status))).text);
  }

  /** What a browser sends from a page that it was shown. */
  async press(step: string, path: string, page: string, fields: Readonly<Record<string, string>>): Promise<PageAnswer> {
    const hidden = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? "";
    const form = new URLSearchParams({ csrf: hidden("csrf"), hash: hidden("hash"), reviewer: "alice", ...fields });
    return await measure(step, () => this.ask({ method: "POST", path, form: form.toString() }, 303));
  }

  async leave(): Promise<void> {
    await this.#worker.terminate();
  }
}

type ChangeSet = Extract<Review, { kind: "change-set" }>;

const directory = mkdtempSync(join(tmpdir(), "ztl-bench-change-sets-"));
const project = join(directory, "project");
mkdirSync(join(project, "d0"), { recursive: true });
const loop = await ZeroTrustLoop.open({
  directory,
  cells: 1,
  config: {
    stateDirectory: "state",
    agents: { bench: { role: "worker" } },
    roles: { worker: { tools: ["python"] } },
    reviews: { ownProcess: "allowed" },
    tools: {
      python: {
        template: "python",
        cwd: "/project",
        mounts: [{ host: "project", guest: "/project", mode: "overlay" }],
        limits: { wallMs: 300_000, cpuMs: 300_000 },
      },
    },
  },
});
const server = await startServer(loop);
const reviewerToken = (await loop.reviewers.add("alice")).token ?? "";
const user = new User({ url: server.url, reviewerToken });
try {
  const code = `import os
for d in range(${Math.ceil(FILES / FILES_PER_DIRECTORY)}):
  os.makedirs(f'd{d}', exist_ok=True)
for f in range(${FILES}):
  with open(f'd{f // ${FILES_PER_DIRECTORY}}/f{f}', 'w') as out: out.write(f'content {f % 1000}\\n')`;
  const conversation = talk(loop, "bench");
  // The cell starts, and is no part of what is measured.
  await conversation.call({ tool: "python", input: { code: "print(0)" } });
  const made = await measure("call", () => conversation.call({ tool: "python", input: { code } }));
  expect(made.status === "ok" && made.changeSet !== undefined, [made.status, made.forModel.text]);
  await measure("next call", () => conversation.call({ tool: "python", input: { code: "print(1)" } }));

  const { pathname, search } = new URL(server.url);
  await user.ask({ method: "GET", path: pathname + search }, 303);
  const form = new URLSearchParams({ token: reviewerToken }).toString();
  await user.ask({ method: "POST", path: "/sign-in", form }, 303);
  const { reviews } = JSON.parse(await user.get("list", "/api/reviews")) as { reviews: ReviewSummary[] };
  await user.get("list, page", "/");
  const { id, hash } = reviews[0] ?? { id: "", hash: "" };
  const review = JSON.parse(await user.get("show", `/api/reviews/${id}`)) as ChangeSet;
  const paths = review.files.flatMap(({ path, fileType }) => (fileType === "file" ? [path] : []));
  expect(paths.length === FILES, { files: review.files.length });
  await user.get("page", `/reviews/${id}`);
  await user.get("last page", `/reviews/${id}?from=${review.files.length - 10}`);
  await user.get("file", `/reviews/${id}/files/${FILES_PER_DIRECTORY}`);

  // Somebody has made a file of that name meanwhile: all others can be approved.
  writeFileSync(join(project, "d0", "f0"), "a person's");
  const conflicting = JSON.parse(await user.get("conflict", `/api/reviews/${id}`)) as ChangeSet;
  expect(conflicting.conflicts.length === 1, conflicting.conflicts);

  const chosen = review.files.map(({ path }) => path).filter((path) => path !== "/project/d0/f1");
  const approved = await user.post("approve", `/api/reviews/${id}/approve`, { hash, files: chosen });
  const set = String(approved.changeSetId);
  const written = approved.files as readonly string[];
  expect(written.length === chosen.length - 1, { written: written.length, ...approved });
  await user.get("show applied", `/api/reviews/${set}`);
  await user.get("page applied", `/reviews/${set}`);
  // All but one, by name.
  const some = written.slice(1);
  await user.post("undo most", `/api/reviews/${set}/undo`, { files: some });
  const partly = await user.get("page undone", `/reviews/${set}`);
  await user.press("undo rest", `/reviews/${set}/undo`, partly, { scope: "all" });
  const undone = await user.get("page undone", `/reviews/${set}`);
  await user.press("redo", `/reviews/${set}/redo`, undone, { scope: "all" });
  const rest = await user.get("page rest", `/reviews/${id}`);
  await user.press("reject rest", `/reviews/${id}/reject`, rest, {});
} finally {
  await user.leave();
  await server.close();
  await loop.close();
  rmSync(directory, { recursive: true });
}

if (values.json)
  process.stdout.write(`${JSON.stringify({ machine: describeMachine(), files: FILES, steps }, null, 2)}\n`);
else {
  process.stdout.write(
    `${FILES} files; by the clock, in processor time, the event loop's longest wait and longest work without a break, in ms\n`,
  );
  for (const { step, totalMs, processorMs, longestWaitMs, longestBusyMs } of steps) {
    const figures = [totalMs, processorMs, longestWaitMs, longestBusyMs]
      .map((ms) => ms.toFixed(0).padStart(8))
      .join("");
    process.stdout.write(`  ${step.padEnd(14)}${figures}\n`);
  }
}
const late = steps.filter(({ longestBusyMs }) => longestBusyMs > Number(values.longest));
expect(
  late.length === 0,
  `longer than ${values.longest} ms without a break: ${late.map(({ step }) => step).join(", ")}`,
);
