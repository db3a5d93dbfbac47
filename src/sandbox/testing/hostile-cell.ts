import { readSync, writeSync } from "node:fs";
import { FRAME_PREFIX_BYTES, NONCE_BYTES } from "../frames.ts";
import type { Step } from "./hostile.ts";

/**
 * A cell that a guest took over, for tests: it answers a load as it should, and a run with the steps it finds in that run's
 * standard input. A process of its own, as cells are.
 */
const CHANNEL_FD = 3;

function fill(bytes: Buffer): Buffer {
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(CHANNEL_FD, bytes, at, bytes.length - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return bytes;
}

/** Steps that send little are sent in one write, so that what is too much arrives with what it follows. */
let unsent: Buffer[] = [];
const AT_ONCE_BYTES = 32 * 1024;

function send(bytes: Buffer): void {
  unsent.push(bytes);
  if (unsent.reduce((sum, part) => sum + part.length, 0) > AT_ONCE_BYTES) flush();
}

function flush(): void {
  const bytes = Buffer.concat(unsent);
  unsent = [];
  for (let at = 0; at < bytes.length; ) at += writeSync(CHANNEL_FD, bytes, at);
}

interface Asked {
  readonly nonce: Buffer;
  readonly id: bigint;
}

/** A frame as the step has it: where it says nothing, as an honest cell's. */
function frameOf(step: Extract<Step, { do: "frame" }>, { nonce, id }: Asked): Buffer {
  const header = step.headerText ?? JSON.stringify(step.header ?? {});
  const nowUs = Number(process.hrtime.bigint() / 1000n);
  const json = Buffer.from(header.replaceAll('"@now"', String(nowUs)));
  const body = Buffer.from(step.bodyBase64 ?? "", "base64");
  const prefix = Buffer.alloc(FRAME_PREFIX_BYTES);
  (step.nonceHex === undefined ? nonce : Buffer.from(step.nonceHex, "hex")).copy(prefix);
  const numbers = [
    id + BigInt(step.idAhead ?? 0),
    BigInt(step.headerBytes ?? json.length),
    BigInt(step.bodyBytes ?? body.length),
  ];
  for (const [index, number] of numbers.entries())
    prefix.writeBigUInt64LE(BigInt.asUintN(64, number), NONCE_BYTES + 8 * index);
  return Buffer.concat([prefix, json, body]);
}

function perform(step: Step, asked: Asked): void {
  switch (step.do) {
    case "frame":
      send(frameOf(step, asked));
      return;
    case "bytes": {
      const piece = Buffer.from(step.base64, "base64");
      for (let count = 0; count < (step.times ?? 1); count++) send(piece);
      return;
    }
    case "say":
      writeSync(2, step.text);
      return;
    case "wait":
      flush();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, step.ms);
      return;
    case "exit":
      flush();
      process.exit(step.status);
  }
}

for (;;) {
  const prefix = fill(Buffer.alloc(FRAME_PREFIX_BYTES));
  const asked = { nonce: prefix.subarray(0, NONCE_BYTES), id: prefix.readBigUInt64LE(NONCE_BYTES) };
  const [headerBytes, bodyBytes] = [8, 16].map((at) => Number(prefix.readBigUInt64LE(NONCE_BYTES + at)));
  const request = JSON.parse(fill(Buffer.alloc(headerBytes)).toString("utf8")) as { type: string; jobBytes: number };
  const body = fill(Buffer.alloc(bodyBytes));
  if (request.type === "load") perform({ do: "frame", header: { type: "ready" } }, asked);
  if (request.type === "run") {
    for (const step of JSON.parse(body.toString("utf8", request.jobBytes)) as Step[]) perform(step, asked);
  }
  flush();
}
