import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ZtlError } from "../../src/errors.ts";
import type { RunLimits } from "../../src/linux/limits.ts";
import { HostilePool, honest, type Step } from "../../src/sandbox/testing/hostile.ts";

export { honest, type Step } from "../../src/sandbox/testing/hostile.ts";

/** What the host process may grow by, whatever a cell sends: a JSON part of the greatest length, parsed, is not more. */
const HOST_BYTES_MAX = 768 * 2 ** 20;
/** A process with gigabytes takes the kernel a while to take apart, beside others that want the processor. */
const GONE_WITHIN_MS = 30_000;

/** A frame as an honest cell makes it, but for what is said. */
export function frame(header: object = honest(), rest: Partial<Extract<Step, { do: "frame" }>> = {}): Step {
  return { do: "frame", header, ...rest };
}

/** A reply whose only change has these members; a new file of five bytes where they say nothing. */
export function change(members: object, bodyBase64 = "aGVsbG8="): Step {
  const file = { path: "/project/a", kind: "add", fileType: "file", mode: 0o644, uid: 0, gid: 0 };
  const content = {
    sizeBytes: 5,
    newSha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    extents: [0, 5],
  };
  return frame(honest({ changes: [{ ...file, ...content, ...members }] }), { bodyBase64 });
}

/** What an honest cell says, by which each attack sees that what it changed is what was refused. */
export async function works(hostile: HostilePool): Promise<number> {
  const hello = Buffer.from("hello").toString("base64");
  const { result, pid } = await hostile.run([frame(honest({ stdoutBytes: 5 }), { bodyBase64: hello })]);
  assert.equal(result.status, "ok");
  assert.equal(result.stdoutText, "hello");
  const changed = await hostile.run([change({})]);
  assert.equal(Buffer.from(changed.result.changes[0]?.content ?? []).toString(), "hello");
  return pid;
}

/**
 * A cell that answered one run properly does this for the next: that run must end with the given code, the cell must go, the
 * host process neither grow nor stop, and the run after it have a new cell.
 */
export async function assertRefused(
  steps: readonly Step[],
  code: "frame-malformed" | "cell-misbehaved" | "cell-failed" | "cell-lost" | "wall-limit",
  limits: Partial<RunLimits> = {},
): Promise<ZtlError> {
  const found = await refusedAnyhow(steps, limits);
  assert.equal(found.code, code, found.message);
  return found;
}

/** The same with whichever code. */
export async function refusedAnyhow(steps: readonly Step[], limits: Partial<RunLimits> = {}): Promise<ZtlError> {
  await using hostile = new HostilePool();
  const pid = await works(hostile);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  let found: unknown;
  try {
    const { result } = await hostile.run(steps, { wallMs: 1000, ...limits });
    found = result;
  } catch (error) {
    found = error;
  } finally {
    clearInterval(watch);
  }
  assert.ok(ZtlError.isInstance(found), `taken for a result: ${JSON.stringify(found)}`);
  assert.ok(peak - before < HOST_BYTES_MAX, `the host process grew by ${peak - before} bytes`);
  await assertGone(pid);
  assert.notEqual(await works(hostile), pid);
  return found;
}

/** Several forgeries of one kind. */
export async function assertEachRefused(
  each: readonly Step[],
  code: "frame-malformed" | "cell-misbehaved",
): Promise<void> {
  for (const step of each) await assertRefused([step], code);
}

export async function assertGone(pid: number): Promise<void> {
  for (const untilMs = performance.now() + GONE_WITHIN_MS; performance.now() < untilMs; await sleep(10)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
  assert.fail("the cell lives on");
}
