import { parseArgs } from "node:util";
import { scan } from "../src/guard/index.ts";
import { contentOf, type Genome, mutated, nameOf, randomGenome, single } from "./guard-genome.ts";
import { HOSTILE_PIECES } from "./guard-pieces.ts";
import { randomFrom } from "./random.ts";
import { round } from "./statistics.ts";

/**
 * `npm run attack:guard [-- --json] [--seed N] [--inputs N]`: searches for an input of one megabyte that takes the
 * guard more than 100 ms. It starts with each piece alone and random mixtures, and spends the other half of its
 * inputs on changes of the slowest ones found so far. A slow input is tried again, and counted with the least of what
 * the clock and the thread's CPU time say, so that a busy machine does not count and only what is slow each time does.
 */

const { values } = parseArgs({
  options: { json: { type: "boolean" }, seed: { type: "string" }, inputs: { type: "string" } },
});
const seed = Number(values.seed ?? 1);
const inputs = Number(values.inputs ?? 600);
const LIMIT_MS = 100;
const TRIES = 4;
/** The slowest inputs that are changed further. */
const PARENTS = 12;
const LISTED = 10;

interface Measured {
  readonly genome: Genome;
  readonly wallMs: number;
  readonly cpuMs: number;
}

const leastOf = ({ wallMs, cpuMs }: Measured): number => Math.min(wallMs, cpuMs);

function measure(genome: Genome): Measured {
  const content = contentOf(genome);
  let [wallMs, cpuMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const cpu = process.threadCpuUsage();
    const start = performance.now();
    scan(content);
    wallMs = Math.min(wallMs, performance.now() - start);
    const { user, system } = process.threadCpuUsage(cpu);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
    if (Math.min(wallMs, cpuMs) < LIMIT_MS / 4) break;
  }
  return { genome, wallMs: round(wallMs), cpuMs: round(cpuMs) };
}

const random = randomFrom(seed);
const measured = HOSTILE_PIECES.map((piece) => measure(single(piece)));
const bySlowness = (): Measured[] => measured.sort((one, other) => leastOf(other) - leastOf(one));
const parent = (): Genome => (bySlowness()[Math.floor(random() * PARENTS)] as Measured).genome;
for (let input = 0; input < inputs / 2; input++) measured.push(measure(randomGenome(random)));
for (let input = 0; input < inputs / 2; input++) measured.push(measure(mutated(random, parent(), parent())));

const slowest = bySlowness()
  .slice(0, LISTED)
  .map(({ genome, wallMs, cpuMs }) => ({ name: nameOf(genome), wallMs, cpuMs }));
const overLimit = measured.filter((one) => leastOf(one) > LIMIT_MS).length;

if (values.json) console.log(JSON.stringify({ seed, inputs: measured.length, overLimit, slowest }, null, 2));
else {
  for (const { name, wallMs, cpuMs } of slowest)
    console.log(`${wallMs.toFixed(1).padStart(8)} ms  ${cpuMs.toFixed(1).padStart(8)} ms CPU  ${name.slice(0, 160)}`);
  console.log(`${overLimit} of ${measured.length} inputs of 1 MB took more than ${LIMIT_MS} ms (seed ${seed})`);
}
process.exitCode = overLimit > 0 ? 1 : 0;
