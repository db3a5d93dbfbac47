import assert from "node:assert/strict";
import type { HiddenPlacesData } from "../../src/base/hidden-places.ts";
import type { MountSpec } from "../../src/linux/index.ts";
import { LAYERS, type Layer } from "../../src/vmm/index.ts";
import { Captive, type Doing } from "../../test/isolation/captive/captive.ts";
import type { Stage } from "../stage.ts";

export { Captive, type Doing, type Outcome } from "../../test/isolation/captive/captive.ts";

/** What an attacker would like to reach; he is told all of it. */
export interface Targets {
  readonly parent: number;
  readonly victim: number;
  readonly directory: string;
  readonly secretFile: string;
  readonly writableFile: string;
  readonly socketPath: string;
  readonly port: number;
}

/** A system call: its number, and what it is given. A string or list of bytes is put into memory, and its address given. */
export type TriedCall = readonly [number: number, ...values: (number | string | readonly number[])[]];

/** Tells as much of the state a run begins in as a program can see. */
const PROBE = "pwd; umask; env | sort; ls -la / /tmp /dev; ls /proc/self/fd; cat /proc/self/maps; set";
/** Walls that a host may lack. What remains is the filter, no capabilities, and limits. */
const BARE: readonly Layer[] = LAYERS;

export function targetsOf({ canaries }: Stage): Targets {
  const { directory, secretFile, writableFile, socketPath, port, victim } = canaries;
  return { parent: process.pid, victim: victim.pid ?? 0, directory, secretFile, writableFile, socketPath, port };
}

export interface Walls {
  readonly without?: readonly Layer[];
  readonly mounts?: readonly MountSpec[];
  /** What is not there for guests, whatever is mounted. */
  readonly hidden?: HiddenPlacesData;
  /** Cells at once; two unless told otherwise. */
  readonly cells?: number;
}

/**
 * Does something with cells that were taken over. Afterwards, a guest's run in that pool must be like one in a new pool: what
 * a cell did before its end reaches no other.
 */
export async function withCaptive(
  stage: Stage,
  use: (captive: Captive) => Promise<void>,
  walls: Walls = {},
): Promise<void> {
  const options = { cacheDirectory: stage.cacheDirectory, cells: 2, ...walls };
  await using captive = new Captive(options);
  await use(captive);
  const next = await captive.honestly(PROBE);
  const kind = JSON.stringify(walls);
  if (!fresh.has(kind)) {
    await using another = new Captive(options);
    fresh.set(kind, await another.honestly(PROBE));
  }
  assert.equal(next, fresh.get(kind), "the next run is not like one in a new pool");
}

/** What a guest sees in the first cell of a new pool, by what it is shown. */
const fresh = new Map<string, string>();

/** What a cell says, which must not hold the host's secret. */
export async function saysNoSecret<G>(stage: Stage, captive: Captive, doing: Doing<G>, given: G): Promise<string> {
  const said = await captive.says(doing, given);
  assert.ok(!stage.canaries.isLeakedBy(said), "the host's secret was read");
  return said;
}

interface Given {
  readonly tried: TriedCall;
  readonly from: (typeof WAYS)[number] | undefined;
}

const makeCall: Doing<Given> = (powers, { tried: [number, ...values], from }) => {
  const given = values.map((value) => {
    if (typeof value === "number") return value;
    return typeof value === "string" ? powers.text(value) : powers.memory(Uint8Array.from(value));
  });
  if (from === "javascript") return powers.call(number, ...given);
  if (from === "machine code") return powers.enter("syscall", number, ...given);
  return powers.onOtherThreads(powers.entryCode("syscall", number, given), 1);
};

/**
 * Each of these system calls ends the cell that makes it. They are made in turn from JavaScript, from one of V8's threads, and
 * from machine code in a cell with no walls but those that every host has: that a number is refused wherever it comes from is
 * what test/isolation/system-calls.test.ts shows.
 */
export async function assertEachKilled(stage: Stage, calls: Readonly<Record<string, TriedCall>>): Promise<void> {
  const entries = Object.entries(calls).map(([name, tried], index) => ({
    name,
    tried,
    from: WAYS[index % WAYS.length],
  }));
  assert.ok(entries.length >= WAYS.length, "each way is gone once");
  for (const isBare of [false, true]) {
    const turns = entries.filter(({ from }) => (from === "machine code") === isBare);
    const makeAll = async (captive: Captive): Promise<void> => {
      await Promise.all(
        turns.map(({ name, tried, from }) => captive.assertKilled(makeCall, { tried, from }, `${name}, by ${from}`)),
      );
    };
    await withCaptive(stage, makeAll, isBare ? { without: BARE } : {});
  }
}

const WAYS = ["javascript", "another thread", "machine code"] as const;
