import { html, raw } from "hono/html";
import { RUN_STATUSES, RUN_VERDICTS, type RunRow, type RunsQuery } from "../../loop/index.ts";
import type { RunsPage } from "../desk.ts";
import { commandLine } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { timeElement } from "../show/quantities.ts";
import { foreign, visibleText } from "../show/visible.ts";
import { page } from "./layout.ts";

/** What runs are looked for by, in the names of `ztl runs` and of the API. */
export type RunsFilter = Pick<RunsQuery, (typeof FIELDS)[number]>;

const FIELDS = [
  ...(["agent", "tool", "conversation", "status", "verdict"] as const),
  ...(["finding", "since", "until", "search"] as const),
];

export interface RunsView extends RunsPage {
  readonly filter: RunsFilter;
  readonly isFirst: boolean;
}

/** Every call that agents made, newest first; or those that were looked for. */
export function runsPage({ rows, next, filter, isFirst }: RunsView): Html {
  const isAll = FIELDS.every((field) => filter[field] === undefined);
  return page({
    title: "Runs",
    section: "runs",
    ...(isFirst ? { live: "runs" as const } : {}),
    main: html`<div class="heading"><h1>Runs</h1>
      ${filter.agent === undefined ? "" : html`<p class="aside">Of ${foreign(filter.agent, 200)} only. <a href="/runs">Show all agents</a></p>`}</div>
      ${searchForm(filter, isAll)}
      ${filter.conversation === undefined ? "" : html`<p><a class="button" href="${timelineAddress(filter.conversation, filter.agent)}">Timeline of this conversation</a></p>`}
      ${
        rows.length === 0
          ? empty(isAll)
          : html`<div class="table-scroll" tabindex="0" role="region" aria-label="Runs"><table class="runs"><thead><tr><th>When</th><th>Agent</th><th>Call</th><th>Conversation</th><th>Policy</th><th>Ended</th><th>Guard</th></tr></thead>
        <tbody>${rows.map(row)}</tbody></table></div>`
      }
      <p class="pages">${isFirst ? "" : html`<a href="${addressOf(filter)}">Newest</a>`} ${next === undefined ? "" : html`<a href="${addressOf(filter, next)}">Older runs</a>`}</p>`,
  });
}

function addressOf(filter: RunsFilter, before?: number): string {
  const query = new URLSearchParams();
  for (const field of FIELDS) if (filter[field] !== undefined) query.set(field, filter[field].toWellFormed());
  // An empty field of a form asks for nothing; this asks for any.
  if (filter.finding === "") query.set("any", "on");
  if (before !== undefined) query.set("before", String(before));
  return query.size === 0 ? "/runs" : `/runs?${query}`;
}

export function timelineAddress(conversation: string, agent?: string): string {
  const query = new URLSearchParams({ conversation: conversation.toWellFormed() });
  if (agent !== undefined) query.set("agent", agent.toWellFormed());
  return `/timeline?${query}`;
}

function searchForm(filter: RunsFilter, isAll: boolean): Html {
  const text = (name: keyof RunsFilter, label: string, hint = ""): Html =>
    html`<p class="field"><label for="f-${name}">${label}</label><input id="f-${name}" name="${name}" value="${visibleText(filter[name] ?? "")}" maxlength="1024" placeholder="${hint}"></p>`;
  const choice = (name: "status" | "verdict", label: string, words: readonly string[]): Html =>
    html`<p class="field"><label for="f-${name}">${label}</label><select id="f-${name}" name="${name}"><option value="">any</option>${words.map((word) => html`<option${word === filter[name] ? raw(" selected") : ""}>${word}</option>`)}</select></p>`;
  return html`<details class="filters"${isAll ? "" : raw(" open")}><summary>Search and filter</summary><form method="get" action="/runs" role="search" aria-label="Runs"><div class="fields">
    ${text("search", "Search", "in agent, tool, conversation, command or input")}${text("agent", "Agent")}${text("tool", "Tool")}${text("conversation", "Conversation")}
    ${choice("status", "Ended", RUN_STATUSES)}${choice("verdict", "Guard said", RUN_VERDICTS)}
    ${text("finding", "Guard found", "a rule or family, or its beginning")}
    ${text("since", "Since", "2026-11-27, or 2h ago: 2h")}${text("until", "Until", "2026-11-27T09:30Z")}</div>
    <p><input type="checkbox" id="f-any" name="any"${filter.finding === "" ? raw(" checked") : ""}> <label for="f-any">with any finding of the guard</label></p>
    <p><button class="primary">Search</button> ${isAll ? "" : html`<a class="button" href="/runs">All runs</a>`}</p></form></details>`;
}

const DECISIONS: Readonly<Record<RunRow["decision"], readonly [word: string, tone: string]>> = {
  run: ["allowed", "calm"],
  ask: ["asked first", "wait"],
  refuse: ["refused", "bad"],
  none: ["–", "none"],
};
const VERDICTS: Readonly<Record<RunRow["verdict"], readonly [word: string, tone: string]>> = {
  admit: ["admitted", "good"],
  flag: ["withheld", "wait"],
  block: ["blocked", "bad"],
  none: ["–", "none"],
};

function row({ runId, agent, tool, conversation, time, command, decision, status, verdict }: RunRow): Html {
  const ended = status === "none" ? ["–", "none"] : [status, status === "ok" ? "calm" : "bad"];
  return html`<tr class="item" id="run-${runId}"><td class="when">${timeElement(Date.parse(time))}</td>
    <td><a class="quiet" href="${addressOf({ agent })}">${foreign(agent, 60)}</a></td>
    <td class="call"><a class="open" href="/runs/${encodeURIComponent(runId)}">${foreign(tool, 60)}</a> ${commandLine(command)}</td>
    <td>${conversation === "" ? "–" : html`<a class="quiet" href="${timelineAddress(conversation, agent)}">${foreign(conversation, 40)}</a>`}</td>
    <td>${badge(DECISIONS[decision])}</td><td>${badge(ended as [string, string])}</td><td>${badge(VERDICTS[verdict])}</td></tr>`;
}

function badge([word, tone]: readonly [word: string, tone: string]): Html {
  return html`<span class="badge ${tone}">${foreign(word, 60)}</span>`;
}

function empty(isAll: boolean): Html {
  if (!isAll) return html`<section class="empty"><p class="big">No recorded call matches.</p></section>`;
  return html`<section class="empty"><p class="big">No agent has called a tool yet.</p>
    <p>Each call gets a micro-VM of its own, and each step of it is recorded: what was decided, what ran, what it read and
    wrote, what the guard saw, what the agent was given. All of it will be here.</p></section>`;
}
