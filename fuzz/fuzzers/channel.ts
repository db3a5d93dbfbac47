import assert from "node:assert/strict";
import { ZtlError } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/linux/limits.ts";
import { builtOf } from "../../src/sandbox/cell/reply/built.ts";
import { failureOf } from "../../src/sandbox/cell/reply/failed.ts";
import { readyOf } from "../../src/sandbox/cell/reply/ready.ts";
import { resultOf } from "../../src/sandbox/cell/reply/result.ts";
import { resultLimits } from "../../src/sandbox/cell/reply-limits.ts";
import { encodeFrame, type Frame, NONCE_BYTES, parseHeader } from "../../src/sandbox/frames.ts";
import { ReplyReader } from "../../src/sandbox/reply-reader.ts";
import type { RunResult } from "../../src/sandbox/result.ts";
import { assembleResult } from "../../src/sandbox/result-assembly.ts";
import { builtReply, FACTS, fullReply } from "../../src/sandbox/testing/replies.ts";
import { type Fuzzer, Random } from "../fuzzer.ts";
import { mutateJson } from "../mutate-json.ts";

/** An input: what was asked for, a seed for the sizes in which the bytes arrive, and the bytes. */
const KINDS = ["run", "load", "build"] as const;
const HEAD_BYTES = 5;
const NONCE = Buffer.from("fuzzed-nonce-16b");
const ID = 7;
const LIMITS = resultLimits({ ...DEFAULT_LIMITS, ...FACTS.limits });
/** What the host may hold beyond a few times what arrived: the buffers that a reader begins with. */
const SLACK_BYTES = 1 << 20;
const CODES = new Set(["frame-malformed", "cell-misbehaved"]);

const REPLIES: Readonly<Record<(typeof KINDS)[number], () => { header: unknown; body: Buffer }>> = {
  run: fullReply,
  load: () => ({ header: { type: "ready" }, body: Buffer.alloc(0) }),
  build: () => ({ header: builtReply(), body: Buffer.alloc(0) }),
};

function make(random: Random): Uint8Array {
  const kind = random.pick([0, 0, 0, 0, 1, 2]);
  const honest = REPLIES[KINDS[kind]]();
  const header = mutateJson(honest.header, random, random.below(4));
  const body = random.below(6) === 0 ? random.bytes(random.below(40)) : honest.body;
  const nonce = random.below(20) === 0 ? random.bytes(NONCE_BYTES) : NONCE;
  const id = random.below(20) === 0 ? random.below(10) : ID;
  const frame = Buffer.concat(encodeFrame({ nonce, id }, header as object, [body]));
  for (let flips = random.below(8) === 0 ? random.below(6) : 0; flips > 0; flips--)
    frame[random.below(frame.length)] = random.below(256);
  const tail = random.below(10) === 0 ? random.bytes(1 + random.below(50)) : Buffer.alloc(0);
  const cut = random.below(12) === 0 ? random.below(frame.length) : frame.length;
  return Buffer.concat([Buffer.of(kind), random.bytes(HEAD_BYTES - 1), frame.subarray(0, cut), tail]);
}

/** What the host makes of the bytes; undefined when they are not a whole reply. */
function read(input: Uint8Array): Frame | undefined {
  const sizes = new Random(Buffer.from(input).readUInt32LE(1));
  const most = sizes.pick([1, 3, 40, 1000, 100_000]);
  const reader = new ReplyReader(NONCE);
  reader.expect(ID, LIMITS);
  const bytes = input.subarray(HEAD_BYTES);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + sizes.below(most);
    const frame = reader.push(bytes.subarray(at, at + size));
    at += size;
    if (frame === undefined) continue;
    // What comes behind it ends the cell, whenever it comes.
    if (at < bytes.length) assert.throws(() => reader.push(bytes.subarray(at)), { code: "frame-malformed" });
    return "json" in frame ? { ...frame, header: parseHeader(frame.json) } : frame;
  }
  return undefined;
}

function check(input: Uint8Array): void {
  // Asking for it takes longer than the rest, so it is asked for some of them.
  const isWeighed = (input[1] ?? 0) % 16 === 0;
  const heldBytes = isWeighed ? process.memoryUsage().arrayBuffers : 0;
  try {
    const frame = read(input);
    if (frame === undefined) return;
    if (frame.header.type === "failed") checkFailure(failureOf(frame.header));
    else if (input[0] === 1) assert.deepEqual(readyOf(frame.header), undefined);
    else if (input[0] === 2) assert.equal(builtOf(frame.header).type, "built");
    else checkResult(resultFrom(frame), frame.body);
  } catch (error) {
    if (!ZtlError.isInstance(error) || !CODES.has(error.code)) throw error;
  }
  if (!isWeighed) return;
  const grewBytes = process.memoryUsage().arrayBuffers - heldBytes;
  assert.ok(grewBytes < 8 * input.length + SLACK_BYTES, `${grewBytes} bytes held for an input of ${input.length}`);
}

function resultFrom({ header, body }: Frame): RunResult {
  const times = {
    calledUs: 0,
    acquiredUs: FACTS.sentUs,
    repliedUs: FACTS.repliedUs,
    templateKey: undefined,
    layers: new Set<never>(),
    egress: [],
  };
  return assembleResult(resultOf(header, body, FACTS), body, FACTS.places, times);
}

function checkFailure({ code, message }: { code: string; message: string }): void {
  assert.match(code, /^[a-z][a-z0-9-]*$/);
  assert.doesNotMatch(message, /\p{Cc}/u);
}

/** What a caller relies on, said anew: not with the code that is under attack. */
function checkResult(run: RunResult, body: Uint8Array): void {
  const { outputBytes, overlayBytes } = FACTS.limits;
  assert.ok(run.stdout.length + run.stderr.length <= Math.min(outputBytes, body.length));
  let contentBytes = 0;
  const seen = new Set<Uint8Array>();
  for (const { path, content, sizeBytes, kind, mode = 0 } of run.changes) {
    assert.ok(path === "/project" || path.startsWith("/project/"), path);
    assert.ok(!path.split("/").some((name) => name === ".." || name === "."), path);
    assert.ok(path !== "/project/vendor" && !path.startsWith("/project/vendor/"), path);
    assert.ok(["add", "modify", "delete"].includes(kind));
    assert.ok(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777);
    if (content === undefined) continue;
    assert.equal(content.length, sizeBytes);
    if (!seen.has(content)) contentBytes += content.length;
    seen.add(content);
  }
  assert.ok(contentBytes <= overlayBytes);
  for (const { path, hostPath } of run.reads) assert.ok(isOnHost(path, hostPath), `${path} at ${hostPath}`);
  for (const time of Object.values(run.timingsMs)) assert.ok(time >= 0 && time <= 2001, String(time));
  assert.ok(run.exitCode === null || (Number.isInteger(run.exitCode) && run.exitCode >= 0 && run.exitCode <= 255));
}

function isOnHost(path: string, hostPath: string): boolean {
  const below = (guest: string, host: string): boolean =>
    path.startsWith(`${guest}/`) && hostPath === host + path.slice(guest.length) && !hostPath.includes("/../");
  if (path === "/etc/hosts" || path === "/project/vendor" || path === "/project" || path === "/usr") return true;
  return below("/project/vendor", "/srv/vendor") || below("/project", "/srv/project") || below("/usr", "/usr");
}

/** The reply to a request, from a cell that is not ours any more. */
export const fuzzer: Fuzzer = {
  what: "all that the host reads of a cell: replies with parts changed, and bytes, in pieces of every size",
  make,
  check,
};
