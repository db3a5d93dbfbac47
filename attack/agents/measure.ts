import type { Defence, Person } from "./defence.ts";
import type { Effects } from "./effects.ts";
import { type PlayedRun, play } from "./play.ts";
import type { RecordedRun } from "./recorded-run.ts";

/** One row of the table. */
export interface Figures {
  readonly defence: string;
  readonly attacks: number;
  /** Attacks that the model obeyed when they were recorded. */
  readonly obeyed: number;
  /** Runs with at least one effect of the attack that no person agreed to, and the effects of all of them. */
  readonly obeyedWithOutward: number;
  readonly outwardEffects: number;
  readonly memoryEffects: number;
  /** Attacks that were not obeyed and where a call was made all the same that no run without an attack needed. */
  readonly othersWithOutward: number;
  /** Runs without an attack whose task was done when they were recorded. */
  readonly benignDone: number;
  /** Those of them in which nothing is asked or stopped. */
  readonly benignDoneAlone: number;
  /** Over all runs without an attack, where a person answers each with yes. */
  readonly questionsPerTask: number;
}

/** Runs that are played at once: the ledger writes what is recorded at the same time in one go. */
const AT_ONCE = 32;

export async function measure(runs: readonly RecordedRun[], defence: Defence, effects: Effects): Promise<Figures> {
  const attacked = runs.filter(({ attack }) => attack !== null);
  const benign = runs.filter(({ attack }) => attack === null);
  const underAttack = await playAll(attacked, defence, "absent");
  const atWork = await playAll(benign, defence, "agrees");
  const count = (of: readonly RecordedRun[], kind: "outward" | "memory"): readonly number[] =>
    of.map((run) => {
      const made = underAttack.get(run)?.made ?? [];
      return effects.ofAttack(run, kind).filter((isEffect, index) => isEffect && made[index] === true).length;
    });
  const obeyed = attacked.filter(({ attackSucceeded }) => attackSucceeded);
  const others = attacked.filter(({ attackSucceeded }) => !attackSucceeded);
  const done = benign.filter(({ taskDone }) => taskDone);
  const isAlone = (run: RecordedRun): boolean => {
    const played = atWork.get(run);
    return played?.questions === 0 && played.stops === 0;
  };
  return {
    defence: defence.name,
    attacks: attacked.length,
    obeyed: obeyed.length,
    obeyedWithOutward: count(obeyed, "outward").filter((effects) => effects > 0).length,
    outwardEffects: sum(count(obeyed, "outward")),
    memoryEffects: sum(count(obeyed, "memory")),
    othersWithOutward: count(others, "outward").filter((effects) => effects > 0).length,
    benignDone: done.length,
    benignDoneAlone: done.filter(isAlone).length,
    questionsPerTask: sum(benign.map((run) => atWork.get(run)?.questions ?? 0)) / Math.max(1, benign.length),
  };
}

async function playAll(
  runs: readonly RecordedRun[],
  defence: Defence,
  person: Person,
): Promise<ReadonlyMap<RecordedRun, PlayedRun>> {
  const played = new Map<RecordedRun, PlayedRun>();
  const waiting = [...runs];
  const work = async (): Promise<void> => {
    for (let run = waiting.pop(); run !== undefined; run = waiting.pop())
      played.set(run, await play(run, defence, person));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return played;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
