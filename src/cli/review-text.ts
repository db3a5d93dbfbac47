import { styleText } from "node:util";
import type { DecisionResult, FileView, Review, ReviewSummary } from "../loop/index.ts";
import { defuseLines, defuseName } from "./terminal.ts";

/** Reviews as lines of text. Names, commands and contents are the guest's choice: their control characters are shown, not sent. */

type Style = Parameters<typeof styleText>[0];

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export function painter(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

const KINDS = { "change-set": "changes", call: "call", content: "withheld" } as const;
const SHORT_ID = 8;

export function listReviews(reviews: readonly ReviewSummary[], now: number): string {
  if (reviews.length === 0) return "Nothing waits for a decision.\n";
  const lines = reviews.map(({ id, kind, state, agent, tool, title, command, createdAt, expiresAt }) => {
    const when = state === "pending" ? `${age(now - createdAt)} ago, ${age(expiresAt - now)} left` : state;
    const what = `${id.slice(0, SHORT_ID)}  ${KINDS[kind].padEnd(8)}  ${defuseName(agent)} / ${defuseName(tool)}: ${defuseName(title)} (${when})`;
    return `${what}\n          ${cut(defuseName(command), 90)}`;
  });
  return `${lines.join("\n")}\n`;
}

export function showReview(review: Review, paint: Paint): string {
  const lines = [
    `${paint("bold", defuseName(review.title))}  [${review.state}]`,
    `id       ${review.id}`,
    `hash     ${review.hash}`,
    `agent    ${defuseName(review.agent)}, tool ${defuseName(review.tool)}, run ${review.runId}`,
    ...(review.decidedBy === undefined ? [] : [`decided  by ${defuseName(review.decidedBy)}`]),
    ...(review.message === undefined ? [] : [`message  ${defuseName(review.message)}`]),
    "command",
    indent(defuseLines(review.command)),
  ];
  return `${[...lines, ...detailsOf(review, paint)].join("\n")}\n`;
}

function detailsOf(review: Review, paint: Paint): string[] {
  switch (review.kind) {
    case "change-set":
      return [
        "files",
        ...review.files.map((file) => `  ${fileLine(file, paint)}`),
        ...review.conflicts.map(({ path, reason }) => `  conflict: ${defuseName(path)} ${reason}`),
      ];
    case "call":
      return [
        `rule     ${review.decision.rule}: ${review.decision.reason}`,
        ...review.decision.considered.map(({ rule, outcome, why }) => `  ${outcome.padEnd(14)} ${rule}: ${why}`),
        "input",
        indent(defuseLines(review.input)),
      ];
    case "content":
      return [
        "findings",
        ...review.findings.map(
          ({ severity, rule, reason, start, end, excerpt }) =>
            `  ${severity.padEnd(8)} ${rule}, bytes ${start} to ${end}: ${reason}\n           ${paint("red", defuseName(excerpt))}`,
        ),
        "text",
        indent(defuseLines(review.text)),
      ];
  }
}

const MARKS: Readonly<Record<string, string>> = { add: "+", delete: "-", modify: "~" };

export function fileLine(file: FileView["change"], paint: Paint): string {
  const from = file.renamedFrom === undefined ? "" : ` (from ${defuseName(file.renamedFrom)})`;
  const to = file.symlinkTarget === undefined ? "" : ` -> ${defuseName(file.symlinkTarget)}`;
  const flags = file.flags.length === 0 ? "" : `  ${paint("yellow", file.flags.join(", "))}`;
  const guarded = file.protectedBecause === undefined ? "" : `  ${paint("red", `protected: ${file.protectedBecause}`)}`;
  return `${MARKS[file.change] ?? file.change} ${defuseName(file.path)}${from}${to}${flags}${guarded}`;
}

export function showFile({ change, diff, findings }: FileView, paint: Paint): string {
  const seen = findings.map(({ severity, rule, reason }) => `  ${severity}: ${rule}, ${reason}`);
  const head = [paint("bold", fileLine(change, paint)), ...seen];
  if (diff.kind !== "text") return `${[...head, `  (${diff.note})`].join("\n")}\n`;
  const body = diff.hunks.flatMap(({ oldStart, newStart, lines }) => [
    paint("cyan", `@@ -${oldStart} +${newStart} @@`),
    ...lines.map(({ kind, text }) => {
      const line = `${kind === "add" ? "+" : kind === "remove" ? "-" : " "}${defuseName(text)}`;
      return kind === "same" ? line : paint(kind === "add" ? "green" : "red", line);
    }),
  ]);
  const more = diff.truncated ? [`… of ${diff.added} added and ${diff.removed} removed lines not all are shown`] : [];
  return `${[...head, ...body, ...more].join("\n")}\n`;
}

/** What became of a decision, and what can be done now. */
export function tellDecision(result: DecisionResult): string {
  switch (result.status) {
    case "done":
      return `${DONE[result.state] ?? `Done: ${result.state}.`}${result.files.map((path) => `\n  ${defuseName(path)}`).join("")}\n`;
    case "stale":
      return `Nothing was done: it is no longer what was shown. Look again; its hash is now ${result.hash}.\n`;
    case "not-found":
      return "There is no such review; ztl review lists what waits.\n";
    case "already": {
      const who = result.decidedBy === undefined ? "" : ` by ${defuseName(result.decidedBy)}`;
      return `Nothing was done: it is ${result.state} already${who}.\n`;
    }
    case "conflict":
      return `Nothing was done: the host's files are not what the run saw.\n${reasons(result.conflicts)}Have the agent run again on what is there now.\n`;
    case "protected":
      return `Nothing was done: these need a yes of their own (--protected PATH):\n${reasons(result.files)}`;
    case "bad-selection":
      return `Nothing was done: the chosen files cannot stand alone.\n${reasons(result.files)}`;
    case "failed":
      return `Nothing was done, and it may be tried again: ${defuseName(result.error.message)} [${result.error.code}]\n`;
  }
}

const DONE: Readonly<Record<string, string>> = {
  applied: "Approved and written to this host:",
  approved: "Approved. The agent can go on with it.",
  rejected: "Rejected. Nothing was written or handed on.",
  undone: "Undone; these are as they were:",
};

function reasons(files: readonly { readonly path: string; readonly reason: string }[]): string {
  return files.map(({ path, reason }) => `  ${defuseName(path)} ${defuseName(reason)}\n`).join("");
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ").trimEnd();
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

function age(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "under a minute";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
