import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EgressGate, FixedNames, Sandbox } from "../src/index.ts";
import type { FromReceiver } from "./egress-receiver.ts";
import { summarise } from "./statistics.ts";

/*
 *     npm run bench:egress -- [--trials N] [--json]
 *
 * How soon an upload in progress stops when its way out is severed: a guest uploads to a receiver in a process of its own; from the
 * alarm to the receiver's hearing of the reset, and what came in between. The clocks of both processes are the same.
 */
const { values } = parseArgs({
  options: { json: { type: "boolean" }, trials: { type: "string", default: "200" } },
});
const trials = Number(values.trials);
const RUNS = 3;
const HOST = "receiver.test";
const UPLOAD = (port: number): string => `
import socket
s = socket.create_connection(('${HOST}', ${port}))
try:
  while True: s.sendall(b'x' * 65536)
except OSError: pass`;
/** Sent before the alarm: past the start of a connection. */
const BYTES_BEFORE = 1_000_000;

interface Trial {
  readonly severedMs: number;
  readonly heardMs: number;
  readonly lateBytes: number;
}

/** Of one run of trials. */
interface Figures {
  readonly severedP99Ms: number;
  readonly heardP50Ms: number;
  readonly heardP99Ms: number;
  readonly lateBytesMax: number;
}

async function next(receiver: ChildProcess): Promise<FromReceiver> {
  return ((await once(receiver, "message")) as [FromReceiver])[0];
}

async function trial(sandbox: Sandbox, receiver: ChildProcess, port: number): Promise<Trial> {
  const egress = new EgressGate({
    grants: [[{ host: HOST, ports: [port], addresses: ["127.0.0.1"] }]],
    resolver: new FixedNames({ [HOST]: ["127.0.0.1"] }),
  });
  const running = sandbox.run({ tool: "python", code: UPLOAD(port) }, { egress });
  while (egress.bytes.out < BYTES_BEFORE) await new Promise((resolve) => setTimeout(resolve, 1));
  const heard = next(receiver);
  const alarmNs = process.hrtime.bigint();
  egress.sever("a trial");
  const severedNs = process.hrtime.bigint();
  const { resetNs, arrivals } = await heard;
  await running;
  const late = arrivals.filter(([atNs]) => BigInt(atNs) > severedNs).reduce((sum, [, bytes]) => sum + bytes, 0);
  const ms = (ns: bigint): number => Number(ns - alarmNs) / 1e6;
  return { severedMs: ms(severedNs), heardMs: ms(BigInt(resetNs)), lateBytes: late };
}

const receiver = fork(fileURLToPath(new URL("egress-receiver.ts", import.meta.url)));
const { port } = await next(receiver);
await using sandbox = await Sandbox.open({ cells: 1, prewarm: ["python"] });
await trial(sandbox, receiver, port);
const runs: Figures[] = [];
for (let run = 0; run < RUNS; run++) {
  const all: Trial[] = [];
  for (let index = 0; index < trials; index++) all.push(await trial(sandbox, receiver, port));
  const heard = summarise(all.map((one) => one.heardMs));
  runs.push({
    severedP99Ms: summarise(all.map((one) => one.severedMs)).p99,
    heardP50Ms: heard.p50,
    heardP99Ms: heard.p99,
    lateBytesMax: Math.max(...all.map((one) => one.lateBytes)),
  });
}
receiver.kill();
const medianOf = (key: keyof Figures): number => summarise(runs.map((run) => run[key])).p50;
const bufferBytes = Number(readFileSync("/proc/sys/net/ipv4/tcp_rmem", "utf8").trim().split(/\s+/)[2]);
if (values.json) console.log(JSON.stringify({ trials, runs, bufferBytes }, null, 2));
else
  console.log(`severing an upload, median of ${RUNS} runs of ${trials} trials
  connections reset, from the alarm         p99 ${medianOf("severedP99Ms").toFixed(2)} ms
  the receiver hears of it                  p50 ${medianOf("heardP50Ms").toFixed(2)} ms, p99 ${medianOf("heardP99Ms").toFixed(2)} ms
  it reads afterwards                       at most ${Math.max(...runs.map((run) => run.lateBytesMax)).toLocaleString("en")} bytes; a socket buffer has ${bufferBytes.toLocaleString("en")}`);
