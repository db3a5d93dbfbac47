import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Comparison, compareCheckouts } from "./jail-against.ts";
import { measureParts } from "./jail-parts.ts";
import { describeMachine } from "./machine.ts";

/**
 * `npm run bench:jail [-- --against DIRECTORY] [--json]`: what the walls around cells cost. Against another checkout of this
 * package (with its own node_modules): the start of a cell and a warm call, side by side. Without: the parts of a launch.
 */

const { values } = parseArgs({
  options: {
    against: { type: "string" },
    json: { type: "boolean" },
    starts: { type: "string", default: "40" },
    calls: { type: "string", default: "1000" },
    rounds: { type: "string", default: "20" },
  },
});

const here = fileURLToPath(new URL("..", import.meta.url));
const figures =
  values.against === undefined
    ? { parts: await measureParts(Number(values.rounds)) }
    : {
        against: await compareCheckouts(here, resolve(values.against), {
          starts: Number(values.starts),
          calls: Number(values.calls),
        }),
      };

if (values.json) {
  console.log(JSON.stringify({ machine: describeMachine(), figures }, undefined, 2));
} else if (figures.against !== undefined) {
  tell("start of a cell, template loaded", figures.against.cellStartMs);
  tell("warm Python call, end to end", figures.against.warmCallMs);
} else {
  const { nativeMs, launchedMs, launcherCostsMs, wallsMs } = figures.parts;
  for (const [name, { p50, p99, count }] of Object.entries({
    "Node natively, start to end": nativeMs,
    "Node in the launcher, all walls": launchedMs,
  }))
    console.log(`${name.padEnd(34)} p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   (${count})`);
  console.log(`${"the launcher costs".padEnd(34)} ${launcherCostsMs.toFixed(2)} ms; of it, by leaving one away:`);
  for (const [wall, ms] of Object.entries(wallsMs)) console.log(`  ${wall.padEnd(32)} ${ms.toFixed(2)} ms`);
}

function tell(name: string, { here, there, p50Ratio, p99Ratio, differenceMs }: Comparison): void {
  console.log(`${name} (${here.count} of each, in turn)`);
  for (const [where, { p50, p99 }] of Object.entries({ here, there }))
    console.log(`  ${where.padEnd(6)} p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms`);
  console.log(
    `  ratio  p50 ${p50Ratio.toFixed(2)}   p99 ${p99Ratio.toFixed(2)}; here less there ${differenceMs.toFixed(2)} ms`,
  );
}
