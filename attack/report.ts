import type { Outcome, OutcomeStatus } from "./attack.ts";

/** What the suite found, for people: one line for each attack as it ends, one for each class at the end. */

export interface ClassSummary {
  readonly className: string;
  readonly attacks: number;
  readonly counts: Readonly<Record<OutcomeStatus, number>>;
  readonly seconds: number;
}

const WORDS: Readonly<Record<OutcomeStatus, string>> = {
  held: "held",
  effect: "EFFECT",
  open: "open",
  closed: "CLOSED",
  skipped: "SKIPPED",
};

export function outcomeLine({ name, status, message, durationMs }: Outcome): string {
  const about = message === undefined ? "" : `\n          ${message.replaceAll("\n", "\n          ")}`;
  return `${WORDS[status].padEnd(8)}${name.padEnd(60)} ${(durationMs / 1000).toFixed(1).padStart(6)} s${about}`;
}

export function summarise(outcomes: readonly Outcome[]): ClassSummary[] {
  const classes = Map.groupBy(outcomes, ({ className }) => className);
  return [...classes].map(([className, of]) => summaryOf(className, of));
}

function summaryOf(className: string, outcomes: readonly Outcome[]): ClassSummary {
  const count = (status: OutcomeStatus): number => outcomes.filter((outcome) => outcome.status === status).length;
  return {
    className,
    attacks: outcomes.length,
    counts: {
      held: count("held"),
      effect: count("effect"),
      open: count("open"),
      closed: count("closed"),
      skipped: count("skipped"),
    },
    seconds: outcomes.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000,
  };
}

export function table(outcomes: readonly Outcome[]): string {
  const row = (className: string, cells: readonly (string | number)[]): string =>
    `${className.padEnd(26)}${cells.map((cell) => String(cell).padStart(9)).join("")}`;
  const line = ({ className, attacks, counts, seconds }: ClassSummary): string => {
    const { held, effect, open, closed, skipped } = counts;
    return row(className, [attacks, held, effect, open + closed, skipped, seconds.toFixed(0)]);
  };
  const head = row("class", ["attacks", "held", "effects", "open", "skipped", "seconds"]);
  return [head, ...summarise(outcomes).map(line), line(summaryOf("all", outcomes))].join("\n");
}

/** What must not be overlooked, after the table. */
export function remarks(outcomes: readonly Outcome[]): string[] {
  const named = (status: OutcomeStatus): string[] =>
    outcomes
      .filter((outcome) => outcome.status === status)
      .map(({ name, message = "" }) => `  ${name}: ${message.split("\n")[0]}`);
  const part = (head: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [head, ...lines]);
  return [
    ...part("SKIPPED, NOTHING IS VERIFIED about:", named("skipped")),
    ...part("Known to succeed, and not counted as held:", named("open")),
    ...part("Marked as known to succeed, and did not; take the mark away:", named("closed")),
    ...part("HAD AN EFFECT:", named("effect")),
  ];
}
