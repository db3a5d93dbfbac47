import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { scan } from "../src/guard/index.ts";
import { cleanText, MEGABYTE } from "./guard-pieces.ts";
import { round, type Summary, summarise } from "./statistics.ts";

/** `npm run bench:guard [-- --json] [--rounds N]`: how fast clean text passes the guard. */

const { values } = parseArgs({ options: { json: { type: "boolean" }, rounds: { type: "string" } } });
const rounds = Number(values.rounds ?? 30);
const SMALL_BYTES = 4096;

interface Throughput {
  readonly megabytesPerSecond: number;
  readonly perMegabyteMs: Summary;
}

function timesMs(content: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, () => {
    const start = performance.now();
    if (scan(content).decision !== "admit") throw new Error("Clean text was not admitted.");
    return performance.now() - start;
  });
}

function throughput(content: Uint8Array): Throughput {
  timesMs(content, 5);
  const perMegabyteMs = summarise(timesMs(content, rounds));
  return { megabytesPerSecond: round(content.length / 1e6 / (perMegabyteMs.p50 / 1000)), perMegabyteMs };
}

const { prose, source } = cleanText(MEGABYTE);
timesMs(prose.subarray(0, SMALL_BYTES), 500);
const figures = {
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
  prose: throughput(prose),
  source: throughput(source),
  fourKilobytesMs: summarise(timesMs(prose.subarray(0, SMALL_BYTES), 2000)),
};

if (values.json) console.log(JSON.stringify(figures, null, 2));
else {
  console.log(`prose    ${figures.prose.megabytesPerSecond} MB/s`);
  console.log(`source   ${figures.source.megabytesPerSecond} MB/s`);
  console.log(`4 KB     p50 ${figures.fourKilobytesMs.p50} ms, p99 ${figures.fourKilobytesMs.p99} ms`);
}
