import type { Defence, Person } from "./defence.ts";
import { callsOf, type RecordedRun } from "./recorded-run.ts";

/** What a defence did to one recorded run. */
export interface PlayedRun {
  /** For each recorded call, in order, whether it was made. */
  readonly made: readonly boolean[];
  /** How often a person was asked: before a call, or before a result was read. */
  readonly questions: number;
  /** Calls that were refused, and results that the model never read. */
  readonly stops: number;
}

/**
 * Plays a run call by call. The model is taken to go on as it did whatever is stopped, which favours the attack; only after
 * a text that it never read does it do nothing more of what it did then, which favours whoever withheld it.
 */
export async function play(run: RecordedRun, defence: Defence, person: Person): Promise<PlayedRun> {
  const defended = defence.begin(run, person);
  const made: boolean[] = [];
  let [questions, stops, isUnread] = [0, 0, false];
  for (const call of callsOf(run)) {
    const before = isUnread ? "refused" : await defended.before(call);
    if (before === "asked") questions++;
    if (before === "refused") stops++;
    made.push(before === "made" || (before === "asked" && person === "agrees"));
    if (made.at(-1) !== true) continue;
    const after = await defended.after(call);
    if (after === "asked") questions++;
    if (after === "unread") {
      stops++;
      isUnread = true;
    }
  }
  await defended.end();
  return { made, questions, stops };
}
