import type { Outcome } from "./attack.ts";
import { Crew } from "./crew.ts";
import type { LoadedAttack } from "./discover.ts";

export interface SuiteOptions {
  /** Classes that are attacked at once. */
  readonly jobs: number;
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Carries out attacks, those of one class one after the other in one process; gives the outcomes by name. */
export async function runSuite(
  attacks: readonly LoadedAttack[],
  { jobs, onOutcome }: SuiteOptions,
): Promise<Outcome[]> {
  const classes = [...Map.groupBy(attacks, ({ className }) => className).values()];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = classes.shift(); next !== undefined; next = classes.shift()) {
      const crew = new Crew();
      for (const attack of next) {
        const outcome = await crew.carryOut(attack);
        outcomes.push(outcome);
        onOutcome(outcome);
      }
      crew.dismiss();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return outcomes.sort((a, b) => (a.name < b.name ? -1 : 1));
}
