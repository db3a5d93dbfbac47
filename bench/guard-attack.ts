import { parseArgs } from "node:util";
import { scan } from "../src/guard/index.ts";
import { hostileText, MEGABYTE, randomFrom, repeatedPieces } from "./guard-pieces.ts";
import { round } from "./statistics.ts";

/**
 * `npm run attack:guard [-- --json] [--seed N] [--inputs N]`: searches for an input of one megabyte that takes the
 * guard more than 100 ms of its thread's CPU time (so that a busy machine does not count). A slow one is tried again,
 * so that only what is slow each time counts.
 */

const { values } = parseArgs({
  options: { json: { type: "boolean" }, seed: { type: "string" }, inputs: { type: "string" } },
});
const seed = Number(values.seed ?? 1);
const inputs = Number(values.inputs ?? 300);
const LIMIT_MS = 100;
const TRIES = 4;
const LISTED = 10;

function leastMs(content: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const start = process.threadCpuUsage();
    scan(content);
    const { user, system } = process.threadCpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
    if (least < LIMIT_MS / 2) break;
  }
  return round(least);
}

const random = randomFrom(seed);
const candidates = [...repeatedPieces(64 * 1024), ...repeatedPieces(MEGABYTE)];
const measured = candidates.map(({ name, content }) => ({ name, ms: leastMs(content) }));
for (let input = 0; input < inputs; input++) {
  const { name, content } = hostileText(random, MEGABYTE);
  measured.push({ name, ms: leastMs(content) });
}
const slowest = measured.sort((a, b) => b.ms - a.ms).slice(0, LISTED);
const overLimit = measured.filter(({ ms }) => ms > LIMIT_MS).length;

if (values.json) console.log(JSON.stringify({ seed, inputs: measured.length, overLimit, slowest }, null, 2));
else {
  for (const { name, ms } of slowest) console.log(`${ms.toFixed(1).padStart(8)} ms  ${name}`);
  console.log(`${overLimit} of ${measured.length} inputs of 1 MB took more than ${LIMIT_MS} ms (seed ${seed})`);
}
process.exitCode = overLimit > 0 ? 1 : 0;
