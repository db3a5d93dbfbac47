import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { availableLayers, Launcher, type Layer } from "../src/vmm/index.ts";
import { round, type Summary, summarise } from "./statistics.ts";

/** What a launch consists of, each measured by leaving one wall away, in turn with the whole. */

export interface PartsFigures {
  /** Node, started as it is, until it has ended. */
  readonly nativeMs: Summary;
  /** The same in the launcher with every wall that this host has. */
  readonly launchedMs: Summary;
  /** Median of the differences between neighbours in time. */
  readonly launcherCostsMs: number;
  /** What each wall adds: the whole less the launch without it, as medians of neighbours in time; undefined where it fails. */
  readonly wallsMs: Readonly<Partial<Record<Layer, number>>>;
}

/** The least that Node can do: what surrounds it is what is measured. */
const PROGRAM = fileURLToPath(new URL("./jail-nothing.ts", import.meta.url));
/** Its directory, and OpenSSL's configuration, which Node reads first of all and guests are shown. */
const READABLE = [dirname(PROGRAM), "/etc/ssl"];
const ARGUMENTS = ["--no-warnings", PROGRAM];

export async function measureParts(rounds: number): Promise<PartsFigures> {
  const layers = [...availableLayers().available];
  const whole = launcher([]);
  const without = layers.map((layer) => [layer, launcher([layer])] as const);
  const native: number[] = [];
  const launched: number[] = [];
  const differences = new Map<Layer, number[]>();
  try {
    await timed(whole);
    for (let round = 0; round < rounds; round++) {
      native.push((await timed(undefined)) ?? Number.NaN);
      const all = (await timed(whole)) ?? Number.NaN;
      launched.push(all);
      for (const [layer, less] of without) {
        const ms = await timed(less);
        if (ms !== undefined) differences.set(layer, [...(differences.get(layer) ?? []), all - ms]);
      }
    }
  } finally {
    for (const one of [whole, ...without.map(([, less]) => less)]) one.close();
  }
  const costs = launched.map((value, index) => value - (native[index] as number));
  return {
    nativeMs: summarise(native),
    launchedMs: summarise(launched),
    launcherCostsMs: round(summarise(costs).p50),
    wallsMs: Object.fromEntries([...differences].map(([layer, values]) => [layer, summarise(values).p50])),
  };
}

function launcher(without: readonly Layer[]): Launcher {
  const argv = [process.execPath, ...ARGUMENTS];
  return new Launcher({
    program: process.execPath,
    argv,
    env: [],
    readable: READABLE,
    fileBytesMax: 0,
    group: { memoryBytes: 2 ** 30, tasks: 64, processors: 2 },
    without,
  });
}

/** Until the process has ended; undefined when it ended otherwise than Node does: a wall may need another one. */
async function timed(launched: Launcher | undefined): Promise<number | undefined> {
  // For the report, too, which is written.
  const nothing = openSync("/dev/null", "r+");
  try {
    const begun = performance.now();
    const ignored = ["ignore", "ignore", "ignore"] as const;
    const child =
      launched === undefined
        ? spawn(process.execPath, ARGUMENTS, { stdio: [...ignored], env: {}, cwd: "/" })
        : spawn(launched.path, [], {
            // As in vmm/host/launcher/descriptors.ts.
            stdio: [
              ...ignored,
              nothing,
              nothing,
              nothing,
              launched.ruleset,
              nothing,
              nothing,
              launched.userNamespace ?? nothing,
            ],
            env: {},
            cwd: "/",
          });
    const status = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
    return status === 0 ? performance.now() - begun : undefined;
  } finally {
    closeSync(nothing);
  }
}
