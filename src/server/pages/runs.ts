import { html } from "hono/html";
import type { RunRow } from "../../loop/index.ts";
import type { RunsPage } from "../desk.ts";
import { commandLine } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { timeElement } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { page } from "./layout.ts";

export interface RunsView extends RunsPage {
  readonly agent?: string | undefined;
  readonly isFirst: boolean;
}

/** Every call that agents made, newest first. */
export function runsPage({ rows, next, agent, isFirst }: RunsView): Html {
  const filter = agent === undefined ? "" : `&agent=${encodeURIComponent(agent.toWellFormed())}`;
  return page({
    title: "Runs",
    section: "runs",
    ...(isFirst ? { live: "runs" as const } : {}),
    main: html`<div class="heading"><h1>Runs</h1>
      ${agent === undefined ? "" : html`<p class="aside">Of ${foreign(agent, 200)} only. <a href="/runs">Show all agents</a></p>`}</div>
      ${
        rows.length === 0
          ? empty()
          : html`<div class="table-scroll" tabindex="0" role="region" aria-label="Runs"><table class="runs"><thead><tr><th>When</th><th>Agent</th><th>Call</th><th>Policy</th><th>Ended</th><th>Guard</th></tr></thead>
        <tbody>${rows.map(row)}</tbody></table></div>`
      }
      <p class="pages">${isFirst ? "" : html`<a href="/runs?${filter.slice(1)}">Newest</a>`} ${next === undefined ? "" : html`<a href="/runs?before=${next}${filter}">Older runs</a>`}</p>`,
  });
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

function row({ runId, agent, tool, time, command, decision, status, verdict }: RunRow): Html {
  const ended = status === "none" ? ["–", "none"] : [status, status === "ok" ? "calm" : "bad"];
  return html`<tr class="item" id="run-${runId}"><td class="when">${timeElement(Date.parse(time))}</td>
    <td><a class="quiet" href="/runs?agent=${encodeURIComponent(agent.toWellFormed())}">${foreign(agent, 60)}</a></td>
    <td class="call"><a class="open" href="/runs/${encodeURIComponent(runId)}">${foreign(tool, 60)}</a> ${commandLine(command)}</td>
    <td>${badge(DECISIONS[decision])}</td><td>${badge(ended as [string, string])}</td><td>${badge(VERDICTS[verdict])}</td></tr>`;
}

function badge([word, tone]: readonly [word: string, tone: string]): Html {
  return html`<span class="badge ${tone}">${foreign(word, 60)}</span>`;
}

function empty(): Html {
  return html`<section class="empty"><p class="big">No agent has called a tool yet.</p>
    <p>Each call gets a micro-VM of its own, and each step of it is recorded: what was decided, what ran, what it read and
    wrote, what the guard saw, what the agent was given. All of it will be here.</p></section>`;
}
