import { cutPlace, terminalLine } from "../base/text/index.ts";
import type { ArgumentOrigin, OriginStep, RunTrace } from "../loop/index.ts";
import { shortId } from "./short-id.ts";

/** Where arguments came from, as lines. Excerpts are a model's or a page's choice: each is painted (`base/text`). */

const ORIGINS_SHOWN = 40;
const EXCERPT_CHARACTERS = 120;
const UNREAD_SHOWN = 10;

export function originLines(origins: readonly ArgumentOrigin[] | undefined): string[] {
  if (origins === undefined) return ["Where its arguments came from cannot be told: the ledger does not answer."];
  if (origins.length === 0)
    return ["Nothing in its arguments is known to come from what a tool or another agent returned."];
  const rest = origins.length - ORIGINS_SHOWN;
  return [
    "where its arguments came from",
    ...origins.slice(0, ORIGINS_SHOWN).flatMap(linesOf),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

/** What had to be left out of all that is told. */
export function unreadLines(unread: readonly number[] = []): string[] {
  if (unread.length === 0) return [];
  const some = unread.slice(0, UNREAD_SHOWN).join(", ");
  const rest = unread.length > UNREAD_SHOWN ? ` and ${unread.length - UNREAD_SHOWN} more` : "";
  return [`(what is recorded at ${some}${rest} cannot be read any more and is left out; ztl ledger verify says why)`];
}

function linesOf({ kind, places, excerpt, transforms, source, trail, unlisted }: ArgumentOrigin): string[] {
  const where = places.map((place) => (place === "" ? "the input" : place)).join(" + ") || "a file it read";
  const written = transforms.length === 0 ? "" : `, written as ${transforms.join(", ")}`;
  const there = source.transforms.length === 0 ? "" : `, there as ${source.transforms.join(", ")}`;
  const steps = trail.map(stepText);
  const more = unlisted > 0 ? ` (and ${unlisted} more)` : "";
  return [
    `  ${kind}  ${shown(where)}: ${shown(excerpt)}${written}`,
    `      from ${sourceText(source)}${source.reached === "file" ? "" : `, bytes ${source.start} to ${source.end}${there}`}`,
    ...(source.reached === "file" ? [] : [`      ${shown(source.excerpt)}`]),
    ...(steps.length > 1 ? [`      on the way: ${steps.join(" > ")}${more}`] : []),
  ];
}

function sourceText({ reached, ...step }: ArgumentOrigin["source"]): string {
  const ways = {
    conversation: "",
    memory: ", by way of memory",
    file: "",
    elsewhere: ", which this conversation was not given",
  };
  return `${stepText(step)}${ways[reached]}`;
}

const ROLES = {
  given: "returned to",
  said: "said by",
  argument: "in a call by",
  told: "told to",
  file: "file changed by",
} as const;

function stepText({ role, runId, agent, tool, entry }: OriginStep): string {
  const run = runId === undefined ? `entry ${entry}` : `run ${shortId(runId)}`;
  return `${run}${tool === undefined ? "" : ` of ${shown(tool)}`}, ${ROLES[role]} ${shown(agent)}`;
}

function shown(text: string): string {
  return terminalLine(text.slice(0, cutPlace(text, EXCERPT_CHARACTERS)));
}

/** What of a run's output turned up again, by whom. */
export function traceLines(traces: readonly RunTrace[]): string[] {
  if (traces.length === 0) return ["Nothing of it turned up again in what an agent said or called."];
  return [
    "turned up again in",
    ...traces.flatMap(({ origins, ...step }) => [
      `  ${stepText(step)}`,
      ...origins
        .slice(0, ORIGINS_SHOWN)
        .map(
          ({ kind, places, excerpt, transforms }) =>
            `      ${kind}${places[0] ? ` at ${shown(places.join(" + "))}` : ""}: ${shown(excerpt)}${transforms.length === 0 ? "" : ` (${transforms.join(", ")})`}`,
        ),
    ]),
  ];
}
