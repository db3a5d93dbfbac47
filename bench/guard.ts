import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scan } from "../src/guard/index.ts";
import { calmText, measureCalm, ratesSource } from "./guard-ordinary.ts";
import { comparePeers, peersText } from "./guard-peers.ts";
import { cleanText, MEGABYTE } from "./guard-pieces.ts";
import { realText } from "./ordinary-files.ts";
import { round, type Summary, summarise } from "./statistics.ts";

/**
 * `npm run bench:guard [-- --json] [--rounds N]`: how fast clean text passes the guard, made up and of this machine's files. With `--calm` what it withholds of ordinary
 * files and typical outputs (`--files N` of each kind, `--half tuned|measured|all`, `--list FILE` keeps the list, `--rates FILE` the rate of each rule); with `--peers`
 * how other scanners do on the same data.
 */

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rounds: { type: "string" },
    calm: { type: "boolean" },
    peers: { type: "boolean" },
    files: { type: "string" },
    half: { type: "string" },
    list: { type: "string" },
    rates: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? 30);
const half = values.half === "tuned" || values.half === "all" ? values.half : "measured";
const SMALL_BYTES = 4096;
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

interface Throughput {
  readonly megabytesPerSecond: number;
  readonly perMegabyteMs: Summary;
}

/** This thread's time of the processor, which whatever else the machine does makes no longer; counted in steps of some milliseconds. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function timesMs(content: Uint8Array, count: number, now = processorMs): number[] {
  return Array.from({ length: count }, () => {
    const start = now();
    if (scan(content).decision !== "admit") throw new Error("Clean text was not admitted.");
    return now() - start;
  });
}

function throughput(content: Uint8Array): Throughput {
  timesMs(content, 5);
  const perMegabyteMs = summarise(timesMs(content, rounds));
  return { megabytesPerSecond: round(content.length / 1e6 / (perMegabyteMs.p50 / 1000)), perMegabyteMs };
}

if (values.calm) {
  const calm = measureCalm(Number(values.files ?? 30_000), half, values.list);
  if (values.rates !== undefined) writeFileSync(values.rates, ratesSource(calm));
  console.log(values.json ? JSON.stringify(calm, null, 2) : calmText(calm));
} else if (values.peers) {
  const rows = await comparePeers();
  console.log(values.json ? JSON.stringify(rows, null, 2) : peersText(rows));
} else measureSpeed();

/** As MIME wraps it (RFC 2045, section 6.8). */
function inLines(base64: string): Uint8Array {
  return Buffer.from(base64.replace(/(.{76})/g, "$1\n").slice(0, MEGABYTE));
}

function measureSpeed(): void {
  const { prose, source } = cleanText(MEGABYTE);
  const isAdmitted = (content: Uint8Array): boolean => scan(content).decision === "admit";
  const real = (ends: RegExp): Throughput => throughput(realText(ROOT, ends, MEGABYTE, isAdmitted));
  timesMs(prose.subarray(0, SMALL_BYTES), 500);
  const figures = {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
    prose: throughput(prose),
    source: throughput(source),
    c: real(/\.[ch]$/),
    typescript: real(/\.[cm]?tsx?$/),
    base64: throughput(inLines(Buffer.from(prose).toString("base64"))),
    fourKilobytesMs: summarise(timesMs(prose.subarray(0, SMALL_BYTES), 2000, () => performance.now())),
  };

  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else {
    console.log(`prose      ${figures.prose.megabytesPerSecond} MB/s`);
    console.log(`source     ${figures.source.megabytesPerSecond} MB/s`);
    for (const name of ["c", "typescript", "base64"] as const)
      console.log(`${name.padEnd(10)} ${figures[name].megabytesPerSecond} MB/s`);
    console.log(`4 KB       p50 ${figures.fourKilobytesMs.p50} ms, p99 ${figures.fourKilobytesMs.p99} ms`);
  }
}
