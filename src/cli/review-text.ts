import { styleText } from "node:util";
import { cutColumns, repainted, terminalCode, terminalLine, terminalLines } from "../base/text/index.ts";
import {
  type DecisionResult,
  explainFinding,
  type FileView,
  type GuardFinding,
  type Review,
  type ReviewSummary,
  type SparedFile,
} from "../loop/index.ts";
import { originLines, unreadLines } from "./origins-text.ts";
import { shortId } from "./short-id.ts";

/** Reviews as lines of text. Names, commands and contents are the guest's choice: each is painted (`base/text`). */

type Style = Parameters<typeof styleText>[0];

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

export function painter(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

const KINDS = { "change-set": "changes", call: "call", content: "withheld" } as const;

export function listReviews(reviews: readonly ReviewSummary[], now: number): string {
  if (reviews.length === 0) return "Nothing waits for a decision.\n";
  const lines = reviews.map(({ id, kind, state, agent, tool, title, command, createdAt, expiresAt }) => {
    const when = state === "pending" ? `${age(now - createdAt)} ago, ${age(expiresAt - now)} left` : state;
    const what = `${shortId(id)}  ${KINDS[kind].padEnd(8)}  ${terminalLine(agent)} / ${terminalLine(tool)}: ${terminalLine(title)} (${when})`;
    return `${what}\n          ${cutColumns(terminalLine(command), 90)}`;
  });
  return `${lines.join("\n")}\n`;
}

export function showReview(review: Review, paint: Paint): string {
  const lines = [
    `${paint("bold", terminalLine(review.title))}  [${review.state}]`,
    `id       ${review.id}`,
    `hash     ${review.hash}`,
    `agent    ${terminalLine(review.agent)}, tool ${terminalLine(review.tool)}, run ${review.runId}`,
    ...(review.standing === undefined ? [] : [`yes      ${tellMissing(review.standing)}`]),
    ...(review.decidedBy === undefined ? [] : [`decided  by ${terminalLine(review.decidedBy)}`]),
    ...(review.message === undefined ? [] : [`message  ${terminalLine(review.message)}`]),
    ...(review.takenIn ?? []).map(takenInLine),
    "command",
    indent(terminalLines(review.command)),
  ];
  return `${[...lines, ...detailsOf(review, paint)].join("\n")}\n`;
}

function takenInLine({ source, trust, confidentiality, ways, runIds }: NonNullable<Review["takenIn"]>[number]): string {
  const how = ways.length === 0 ? "" : ` by ${terminalLine(ways.join(", "))}`;
  const runs = runIds.length === 0 ? "" : `, run ${runIds.map((id) => shortId(id)).join(", ")}`;
  return `has read ${terminalLine(source)} (${trust}, ${confidentiality})${how}${runs}`;
}

function detailsOf(review: Review, paint: Paint): string[] {
  switch (review.kind) {
    case "change-set":
      return [
        "files",
        ...fileLines(review, paint),
        ...review.conflicts.map(({ path, reason }) => `  conflict: ${terminalLine(path)} ${terminalLine(reason)}`),
        ...lastSyncLines(review.lastSync),
      ];
    case "call":
      return [
        `rule     ${terminalLine(review.decision.rule)}: ${terminalLine(review.decision.reason)}`,
        ...review.decision.considered.map(
          ({ rule, outcome, why }) => `  ${outcome.padEnd(14)} ${terminalLine(rule)}: ${terminalLine(why)}`,
        ),
        ...judgementLines(review.judgement),
        "input",
        indent(terminalLines(review.input)),
        ...originLines(review.origins),
        ...unreadLines(review.unread),
      ];
    case "content":
      return [
        "findings",
        ...review.findings.flatMap((finding) => findingLines(finding, paint)),
        ...((review.unlisted ?? 0) > 0 ? [`  (${review.unlisted} more were not kept)`] : []),
        ...(review.foundToday?.length ? ["what today's rules see beyond that"] : []),
        ...(review.foundToday ?? []).flatMap((finding) => findingLines(finding, paint)),
        "text",
        indent(terminalLines(review.text)),
      ];
  }
}

function judgementLines(judgement: Extract<Review, { kind: "call" }>["judgement"]): string[] {
  if (judgement === undefined) return [];
  const { bits, alarmBits, reasons } = judgement;
  return [
    `monitor  ${bits.toFixed(1)} bits of evidence that nobody wanted this; an alarm begins at ${alarmBits.toFixed(1)}`,
    ...reasons.map((one) => `  ${one.bits.toFixed(1).padStart(5)} bits  ${terminalLine(one.text)}`),
  ];
}

function findingLines(finding: GuardFinding, paint: Paint): string[] {
  const { severity, rule, reason, start, end, excerpt } = finding;
  const { family, why, models, hidden } = explainFinding(finding);
  const line = `  ${severity.padEnd(8)} ${terminalLine(rule)}, bytes ${start} to ${end}: ${terminalLine(reason)}`;
  return [
    line,
    `           ${paint("red", repainted(excerpt))}`,
    ...(hidden === undefined ? [] : [`           hidden by ${hidden}`]),
    `           ${family}: ${why}`,
    ...(models.length === 0 ? [] : [`           models that act on it: ${models.join("; ")}`]),
  ];
}

/** One line for each file; where several calls made the changes, with the one that changed it last. */
function fileLines({ runId, files }: Extract<Review, { kind: "change-set" }>, paint: Paint): string[] {
  const isOfOneCall = files.every(({ byRunId = runId }) => byRunId === runId);
  return files.map((file) => {
    const by = isOfOneCall || file.byRunId === undefined ? "" : `  (run ${terminalLine(shortId(file.byRunId))})`;
    return `  ${fileLine(file, paint)}${by}`;
  });
}

const MARKS: Readonly<Record<string, string>> = { add: "+", delete: "-", modify: "~" };

export function fileLine(file: FileView["change"], paint: Paint): string {
  const from = file.renamedFrom === undefined ? "" : ` (from ${terminalLine(file.renamedFrom)})`;
  const to = file.symlinkTarget === undefined ? "" : ` -> ${terminalLine(file.symlinkTarget)}`;
  const flags = file.flags.length === 0 ? "" : `  ${paint("yellow", terminalLine(file.flags.join(", ")))}`;
  const guarded =
    file.protectedBecause === undefined ? "" : `  ${paint("red", `protected: ${terminalLine(file.protectedBecause)}`)}`;
  const beside = file.attributes === undefined ? "" : `  ${terminalLine(file.attributes)}`;
  return `${MARKS[file.change] ?? file.change} ${terminalLine(file.path)}${from}${to}${beside}${flags}${guarded}`;
}

export function showFile({ change, diff, findings }: FileView, paint: Paint): string {
  const seen = findings.map(
    ({ severity, rule, reason }) => `  ${severity}: ${terminalLine(rule)}, ${terminalLine(reason)}`,
  );
  const head = [paint("bold", fileLine(change, paint)), ...seen];
  if (diff.kind !== "text") return `${[...head, `  (${terminalLine(diff.note)})`].join("\n")}\n`;
  const body = diff.hunks.flatMap(({ oldStart, newStart, lines }) => [
    paint("cyan", `@@ -${oldStart} +${newStart} @@`),
    ...lines.map(({ kind, text }) => {
      const line = `${kind === "add" ? "+" : kind === "remove" ? "-" : " "}${terminalCode(text)}`;
      return kind === "same" ? line : paint(kind === "add" ? "green" : "red", line);
    }),
  ]);
  const more = diff.truncated ? [`… of ${diff.added} added and ${diff.removed} removed lines not all are shown`] : [];
  return `${[...head, ...body, ...more].join("\n")}\n`;
}

/** What is to be known of the last attempt before another one; an ordinary success says itself. */
function lastSyncLines(last: Extract<Review, { kind: "change-set" }>["lastSync"]): string[] {
  if (last === undefined) return [];
  const { outcome, error, spared } = last;
  const why = error === undefined ? "" : `: ${terminalLine(error.message)} [${terminalLine(error.code)}]`;
  const told =
    outcome === "failed" || outcome === "rolled-back"
      ? [`last try ${outcome === "failed" ? "failed" : "was interrupted, and taken back"}${why}`]
      : [];
  return [...told, ...tellSpared(spared).split("\n").filter(Boolean)];
}

function tellSpared(spared: readonly SparedFile[] | undefined): string {
  if (spared === undefined || spared.length === 0) return "";
  const lines = spared.map(({ path, keptAs }) => {
    const kept = keptAs === undefined ? "" : `; the version from before is kept as ${terminalLine(keptAs)}`;
    return `  ${terminalLine(path)}${kept}\n`;
  });
  return `Changed by somebody else meanwhile, and left as it is:\n${lines.join("")}`;
}

function tellRest({ changeSetId, conflicts = [] }: Extract<DecisionResult, { status: "done" }>): string {
  const left =
    conflicts.length === 0
      ? ""
      : `Not written, for the host's files have changed; these wait on:\n${reasons(conflicts)}To lay them over what is there now: ztl rebase --help\n`;
  return left + (changeSetId === undefined ? "" : `The rest waits on. To take this back: ztl undo ${changeSetId}\n`);
}

/** What became of a decision, and what can be done now. */
export function tellDecision(result: DecisionResult, verb?: string): string {
  switch (result.status) {
    case "done":
      return `${verb === "revoke" ? REVOKED : (DONE[result.state] ?? `Done: ${result.state}.`)}${result.files.map((path) => `\n  ${terminalLine(path)}`).join("")}\n${tellSpared(result.spared)}${tellRest(result)}`;
    case "stale":
      return `Nothing was done: it is no longer what was shown. Look again; its hash is now ${result.hash}.\n`;
    case "not-found":
      return "There is no such review; ztl review lists what waits.\n";
    case "already": {
      const who = result.decidedBy === undefined ? "" : ` by ${terminalLine(result.decidedBy)}`;
      const again =
        result.state === "approved" ? " If it stays so, look at it again, and approve what is shown then." : "";
      return `Nothing was done: it is ${result.state} already${who}.${again}\n`;
    }
    case "conflict":
      return `Nothing was done: the host's files are not what the run saw.\n${reasons(result.conflicts)}Have the agent look again, or lay its change over what is there now: ztl rebase --help\n${tellSpared(result.spared)}`;
    case "protected":
      return `Nothing was done: these need a yes of their own (--protected NAME):\n${reasons(result.files)}`;
    case "bad-selection":
      if (result.files.length === 0) return "Nothing was done: no file is chosen, or none is in conflict.\n";
      return `Nothing was done: the choice of files does not fit (ztl review ID lists them).\n${reasons(result.files)}`;
    case "not-allowed":
      return `Nothing was done. ${terminalLine(result.message)} [${result.code}]\n${terminalLine(result.remedy)}\n`;
    case "more-reviewers":
      return `Your yes is counted. Nothing is done yet: ${tellMissing(result)}\n`;
    case "failed":
      return `Nothing was done, and it may be tried again: ${terminalLine(result.error.message)} [${terminalLine(result.error.code)}]\n${tellSpared(result.spared)}`;
  }
}

/** How what was just done is taken back. */
export function tellNext(
  { state, changeSetId }: Extract<DecisionResult, { status: "done" }>,
  review: ReviewSummary | undefined,
): string {
  // Of a part of a review that was told already, under its own id.
  if (review === undefined || changeSetId !== undefined) return "";
  if (state === "applied") return `To take this back: ztl undo ${review.id}\n`;
  if (state === "undone") return `To write them again: ztl redo ${review.id}\n`;
  return state === "approved" ? `To take this back, as long as nothing came of it: ztl revoke ${review.id}\n` : "";
}

/** Who has agreed, and who is missing. */
export function tellMissing({
  given,
  missing,
  roles,
}: Pick<NonNullable<ReviewSummary["standing"]>, "given" | "missing" | "roles">): string {
  const agreed = given.length === 0 ? "nobody has agreed" : `${terminalLine(given.join(", "))} agreed`;
  const more = missing === 0 ? "" : `; ${missing === 1 ? "one more reviewer" : `${missing} more reviewers`} must`;
  const of =
    roles.length === 0 ? "" : `; somebody must who has the role ${terminalLine(roles.join(", and one who has "))}`;
  return `${agreed}${more}${of}.`;
}

const REVOKED = "The yes is taken back. Nothing was written or handed on.";
const DONE: Readonly<Record<string, string>> = {
  applied: "Approved and written to this host:",
  approved: "Approved. The agent can go on with it.",
  rejected: "Rejected. Nothing was written or handed on.",
  undone: "Undone; these are as they were:",
};

function reasons(files: readonly { readonly path: string; readonly reason: string }[]): string {
  return files.map(({ path, reason }) => `  ${terminalLine(path)} ${terminalLine(reason)}\n`).join("");
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ").trimEnd();
}

function age(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "under a minute";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
