import { html } from "hono/html";
import type { Entry, ReplayOutcome, ReviewSummary, RunRecord } from "../../loop/index.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import { commandText } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { rowsOfInput } from "../show/input-rows.ts";
import { timeElement } from "../show/quantities.ts";
import { rowsOfText } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { foreign, visibleText } from "../show/visible.ts";
import { differentialSection, type GivenText } from "./differential.ts";
import { entrySummary } from "./entry-summary.ts";
import { findingMarks, findingsList, inOrder, type ShownFinding } from "./findings.ts";
import { page } from "./layout.ts";
import { originsSection, tracesSection } from "./origins.ts";
import { replayNotice } from "./replay.ts";
import { KIND_WORDS, stateBadge } from "./words.ts";

/** A text that the guard looked at and found something in. */
export interface SeenText {
  readonly subject: string;
  readonly verdict: string;
  readonly findings: readonly ShownFinding[];
  /** Absent when the ledger does not keep it. */
  readonly text?: string;
}

export interface RunView {
  readonly record: RunRecord;
  readonly seen: readonly SeenText[];
  readonly given: readonly GivenText[];
  /** What a person was asked about it. */
  readonly reviews: readonly ReviewSummary[];
  readonly csrfToken: string;
  readonly replay?: ReplayOutcome;
}

/** All that is recorded about one call. */
export function runPage({ record, seen, given, reviews, csrfToken, replay }: RunView): Html {
  const { row, entries } = record;
  const address = `/runs/${encodeURIComponent(row.runId)}`;
  return page({
    title: `Run of ${row.tool} by ${row.agent}`,
    section: "runs",
    // What a replay found stands on this one page only.
    ...(replay === undefined ? { live: "runs" as const } : {}),
    main: html`<div class="heading"><p class="eyebrow">Run <code>${row.runId}</code></p><h1>${foreign(row.tool, 200)} <span class="of">called by ${foreign(row.agent, 200)}</span></h1></div>
      ${replay === undefined ? "" : replayNotice(replay)}
      <div class="run-actions"><span class="aside">${timeElement(Date.parse(row.time))}</span>
      ${reviews.map(reviewLink)}
      ${row.replayable ? html`<form method="post" action="${address}/replay"><input type="hidden" name="csrf" value="${csrfToken}"><button>Run it again and compare</button></form>` : ""}</div>
      ${row.command === "" ? "" : html`<section class="labelled"><h2 class="small">The command</h2>${commandText(row.command)}</section>`}
      ${input(entries)}
      <section><h2>What happened</h2><ol class="timeline">${entries.map(step)}</ol></section>
      ${seen.length === 0 ? "" : html`<section><h2>What the guard saw</h2>${seen.map(seenText)}</section>`}
      ${originsSection(record.origins, record.unread)}
      ${tracesSection(record.traces)}
      ${differentialSection(record.differential, given)}
      <section><h2>Raw output</h2><p class="aside">As the program wrote it, before the guard. Never a part of what the agent was given unless it was admitted.</p>
      ${record.holdsSecrets ? html`<p class="warning">It holds secrets. You see them; the agent and the ledger have notes in their place.</p>` : ""}
      ${output("Standard output", record.stdout)}${output("Standard error", record.stderr)}
      ${record.truncated ? html`<p class="warning">There is more output than is shown.</p>` : ""}</section>`,
  });
}

function step(entry: Entry): Html {
  return html`<li class="step step-${entry.kind}"><a class="index" href="/ledger/${entry.index}" title="Entry ${entry.index} of the ledger">#${entry.index}</a> ${entrySummary(entry)}</li>`;
}

function reviewLink({ id, kind, state }: ReviewSummary): Html {
  return html`<a class="button" href="/reviews/${encodeURIComponent(id)}">${KIND_WORDS[kind]} ${stateBadge(state)}</a>`;
}

/** What the agent wrote; the command may be the tool owner's own. */
function input(entries: readonly Entry[]): Html {
  const call = entries.find((entry) => entry.kind === "call");
  if (call?.body.input === undefined) return html``;
  const { rows } = rowsOfInput(JSON.stringify(call.body.input));
  return html`<details class="output"><summary>Its input, as the agent wrote it</summary>
    ${textView({ rows, marks: [], label: "Input of the call", isDiff: false })}</details>`;
}

function seenText({ subject, verdict, findings, text }: SeenText, number: number): Html {
  const prefix = `seen${number}`;
  const rows = text === undefined ? [] : rowsOfText(text).rows;
  // Where the first finding is, so that a long text shows what matters.
  const first = Math.min(...findings.map(({ start }) => start));
  const at = Math.max(0, rows.findLastIndex(({ offset = 0 }) => offset <= first) - 10);
  const count = Math.min(ROWS_PER_PAGE, 60);
  return html`<h3>${foreign(subject, 200)}: <span class="badge ${verdict === "block" ? "bad" : verdict === "flag" ? "wait" : "calm"}">${verdict}</span></h3>
    ${findingsList(inOrder(findings))}
    ${rows.length === 0 ? "" : textView({ rows, marks: findingMarks(findings, prefix), label: `Text of ${visibleText(subject)}`, isDiff: false, from: at, count })}`;
}

function output(label: string, bytes: Uint8Array): Html {
  if (bytes.length === 0) return html`<p class="aside">${label}: nothing.</p>`;
  // What is no UTF-8 shows as replacement characters, which the exact bytes in the ledger are not.
  const { rows } = rowsOfText(Buffer.from(bytes).toString("utf8"));
  const isLong = rows.length > ROWS_PER_PAGE;
  return html`<details class="output" open><summary>${label}</summary>
    ${textView({ rows, marks: [], label, isDiff: false })}
    ${isLong ? html`<p class="aside">The first ${ROWS_PER_PAGE} rows. All of it: <code>GET /api/runs/…</code></p>` : ""}</details>`;
}
