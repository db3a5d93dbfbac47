import { html } from "hono/html";
import type { Entry, Timeline, TimelineCall, TimelineEdge } from "../../loop/index.ts";
import { TIMELINE_EDGES_LISTED_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { entrySummary } from "./entry-summary.ts";
import { page } from "./layout.ts";
import { timelineAddress } from "./runs.ts";
import { timelineGraph } from "./timeline-graph.ts";

/** Steps that add nothing to what stands beside them are left out; the page of the run has them. */
const LEFT_OUT = new Set<Entry["kind"]>(["reads", "admission"]);

/** One conversation from its beginning: what the agent did, what came in, who decided, and where arguments came from. */
export function timelinePage(timeline: Timeline): Html {
  const { conversation, agents, calls, entries, edges, unread, isCut } = timeline;
  const outward = new Set(calls.filter(({ isOutward }) => isOutward).map(({ runId }) => runId));
  const byRun = new Map(calls.map((call) => [call.runId, call]));
  return page({
    title: `Timeline of ${conversation}`,
    section: "runs",
    main: html`<div class="heading"><p class="eyebrow">Conversation</p><h1>${foreign(conversation, 300)} <span class="of">of ${agents.slice(0, 20).map((agent, at) => html`${at === 0 ? "" : ", "}<a class="quiet" href="${timelineAddress(conversation, agent)}">${foreign(agent, 100)}</a>`)}</span></h1></div>
      <p class="aside">${plural(calls.length, "call")}, ${plural(outward.size, "outward one")}, ${plural(edges.length, "argument")} led back to where they came from. <a href="/runs?${new URLSearchParams({ conversation: conversation.toWellFormed() })}">Its runs as a list</a></p>
      ${isCut ? html`<p class="warning">There is more than is shown: <code>ztl export</code> has all of it.</p>` : ""}
      ${unread.length === 0 ? "" : html`<p class="warning">What is recorded at ${unread.slice(0, 10).join(", ")}${unread.length > 10 ? ` and ${unread.length - 10} more` : ""} cannot be read any more, and is left out.</p>`}
      <section><h2>Drawn</h2>${legend()}${timelineGraph(timeline)}</section>
      <section class="origins"><h2>Where outward arguments came from</h2>${edgeTable(
        edges.filter(({ to }) => outward.has(to)),
        byRun,
        "No outward call has anything that is known to come from a tool or another agent.",
      )}</section>
      <section class="origins"><h2>Where other arguments came from</h2>${edgeTable(
        edges.filter(({ to }) => !outward.has(to)),
        byRun,
        "Nothing is known to come from elsewhere.",
      )}</section>
      <section><h2>Every step</h2><ol class="timeline">${entries.filter(({ kind }) => !LEFT_OUT.has(kind)).map((entry) => step(entry, byRun))}</ol></section>`,
  });
}

function legend(): Html {
  return html`<p class="aside">● call, ■ outward call, ◀ came in, ◆ said, ✓ decided, ▲ withheld by the guard, + from elsewhere. An arc leads from a text to the call whose arguments were taken from it.</p>`;
}

function edgeTable(edges: readonly TimelineEdge[], byRun: ReadonlyMap<string, TimelineCall>, none: string): Html {
  if (edges.length === 0) return html`<p class="aside">${none}</p>`;
  const left = edges.length - TIMELINE_EDGES_LISTED_MAX;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Arguments"><table class="echoes"><thead><tr><th>Call</th><th>In its arguments</th><th>Came from</th></tr></thead><tbody>
    ${edges.slice(0, TIMELINE_EDGES_LISTED_MAX).map((edge) => edgeRow(edge, byRun.get(edge.to)))}</tbody></table></div>
    ${left > 0 ? html`<p class="aside">and ${left.toLocaleString("en")} more; the API has all.</p>` : ""}`;
}

function edgeRow({ from, to, places, kind, text }: TimelineEdge, call: TimelineCall | undefined): Html {
  const where = places.map((place) => (place === "" ? "the whole input" : place)).join(" + ");
  return html`<tr><td><a href="/runs/${encodeURIComponent(to.toWellFormed())}">${foreign(call?.tool ?? to, 80)}</a></td>
    <td><span class="badge wait">${kind}</span> <mark class="echo">${foreign(text, 240)}</mark> ${where === "" ? "" : html`at <code>${foreign(where, 160)}</code>`}</td>
    <td>${source(from)}</td></tr>`;
}

function source({ entry, runId, tool, agent, conversation, role }: TimelineEdge["from"]): Html {
  const address = runId === undefined ? `/ledger/${entry}` : `/runs/${encodeURIComponent(runId.toWellFormed())}`;
  return html`<a href="${address}">${tool === undefined ? `entry ${entry}` : foreign(tool, 80)}</a> <span class="aside">${role}, ${foreign(agent, 80)} in ${foreign(conversation, 80)}</span>`;
}

function step(entry: Entry, byRun: ReadonlyMap<string, TimelineCall>): Html {
  const call = entry.kind === "call" ? byRun.get(entry.runId ?? "") : undefined;
  const run =
    call === undefined ? "" : html` <a href="/runs/${encodeURIComponent(call.runId.toWellFormed())}">the run</a>`;
  const mark = call?.isOutward === true ? html`<span class="badge bad">outward</span> ` : "";
  return html`<li class="step step-${entry.kind}"><a class="index" href="/ledger/${entry.index}" title="Entry ${entry.index} of the ledger">#${entry.index}</a> ${timeElement(Date.parse(entry.time))} ${mark}${entrySummary(entry)}${run}</li>`;
}
