import { html } from "hono/html";
import type { Entry } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { plural, sizeText } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";

const DECISIONS = { run: "allowed", ask: "a person is asked", refuse: "refused" } as const;

/** An entry in one sentence. What others chose in it is kept apart from our words. */
export function entrySummary(entry: Entry): Html {
  switch (entry.kind) {
    case "call":
      return html`asked to call <strong>${foreign(entry.body.tool, 100)}</strong>${taint(entry.body.taint)}`;
    case "policy-decision":
      return html`<strong>${DECISIONS[entry.body.decision]}</strong> by <code>${foreign(entry.body.rule, 200)}</code> – ${foreign(entry.body.reason, 400)}`;
    case "run":
      return runSummary(entry.body);
    case "reads":
      return html`read ${plural(entry.body.count, "file")}`;
    case "verdict":
      return html`guard on ${foreign(entry.body.subject, 100)}: <strong>${entry.body.verdict}</strong>${entry.body.findings.length === 0 ? "" : ` with ${plural(entry.body.findings.length, "finding")}`}`;
    case "admission":
      return html`admitted to ${foreign(entry.body.destination ?? "memory", 60)}${entry.body.releasedBy === undefined ? "" : html`, released by ${foreign(entry.body.releasedBy, 100)}`}`;
    case "change-set":
      return html`proposed changes to ${plural(entry.body.count, "file")}`;
    case "approval":
      return html`${foreign(entry.body.reviewer ?? "time", 100)}: <strong>${entry.body.decision}</strong>${entry.body.message === undefined ? "" : html` – ${foreign(entry.body.message, 400)}`}`;
    case "reviewer":
      return html`${foreign(entry.body.name, 100)} <strong>${entry.body.change === "added" ? "became a reviewer" : "is no reviewer any more"}</strong>`;
    case "decision":
      return html`${foreign(entry.body.reviewer, 100)} signed: <strong>${entry.body.decision}</strong>`;
    case "sync":
      return html`files: <strong>${entry.body.outcome}</strong>${entry.body.decided === undefined ? "" : html` – ${foreign(entry.body.decided.reviewer, 100)}`}${entry.body.error === undefined ? "" : html` – ${foreign(entry.body.error.message, 400)}`}`;
    case "erasure":
      return html`${foreign(entry.body.by, 100)} <strong>erased</strong> the content of ${plural(entry.body.indices.length, "entry").replace("entrys", "entries")} – ${foreign(entry.body.reason, 400)}`;
    case "erased":
      return html`<strong>erased</strong>: what the ${entry.body.kind} said; a later entry tells by whom and why`;
    case "given":
      return html`given to the agent`;
    case "said":
      return html`the agent said something`;
    case "told":
      return html`the host program told the agent something`;
    case "taken-in":
      return html`taken in by ${foreign(entry.body.way, 60)}`;
    case "failure":
      return html`the call <strong>failed</strong>: <code>${foreign(entry.body.code, 100)}</code> – ${foreign(entry.body.message, 400)}`;
    case "not-taken":
      return html`<strong>not taken</strong> into the workspace: ${plural(entry.body.count, "change")}`;
    case "rebase":
      return html`${foreign(entry.body.decided.reviewer, 100)}: <strong>rebased</strong> on the host's new content`;
    case "breaker":
      return html`${foreign(entry.body.reviewer ?? entry.body.by ?? entry.body.source, 100)}: a breaker was <strong>${entry.body.change}</strong>${entry.body.reason === undefined ? "" : html` – ${foreign(entry.body.reason, 400)}`}`;
    case "judgement":
      return html`monitor of ${foreign(entry.body.monitor, 60)} on ${foreign(entry.body.tool, 100)}: <strong>${entry.body.decision}</strong> with ${entry.body.bits.toFixed(1)} bits${entry.body.reasons[0] === undefined ? "" : html` – ${foreign(entry.body.reasons[0].text, 300)}`}`;
    case "egress":
      return html`${plural(entry.body.count, "connection")} out, ${sizeText(entry.body.bytesOut)} sent and ${sizeText(entry.body.bytesIn)} received${entry.body.severed === undefined ? "" : html`; <strong>severed</strong> – ${foreign(entry.body.severed, 300)}`}`;
    case "note":
      return html`${foreign(entry.body.text, 200)}`;
  }
}

type Run = Extract<Entry, { kind: "run" }>["body"];

function runSummary({ status, exitCode, signal, limit, error, stdout, stderr }: Run): Html {
  const how = signal ?? limit ?? error?.message ?? (exitCode === null ? "" : `exit status ${exitCode}`);
  return html`ran: <strong>${status}</strong>${how === "" ? "" : html`, ${foreign(how, 300)}`}; ${sizeText(stdout.sizeBytes)} of output, ${sizeText(stderr.sizeBytes)} of errors`;
}

function taint(labels: readonly string[] | undefined): Html {
  if (labels === undefined || labels.length === 0) return html``;
  return html` in a conversation that holds ${labels.slice(0, 10).map((label, index) => html`${index > 0 ? ", " : ""}<code>${foreign(label, 100)}</code>`)}`;
}
