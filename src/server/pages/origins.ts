import { html } from "hono/html";
import type { ArgumentOrigin, OriginStep, RunTrace } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";

/** Rows of a table that somebody reads; the API has all. */
const ORIGINS_SHOWN = 50;

/** Where each value in the arguments of a call came from: a table with the way it took. */
export function originsSection(origins: readonly ArgumentOrigin[] | undefined, unread: readonly number[] = []): Html {
  if (origins === undefined)
    return html`<section class="origins"><h2>Where its arguments came from</h2><p class="warning">This cannot be told: the ledger does not answer.</p></section>`;
  const rest = origins.length - ORIGINS_SHOWN;
  return html`<section class="origins"><h2>Where its arguments came from</h2>
    ${
      origins.length === 0
        ? html`<p class="aside">Nothing in them is known to come from what a tool or another agent returned.</p>`
        : html`<table class="echoes"><thead><tr><th>In the call</th><th>Came from</th><th>On the way</th></tr></thead><tbody>
          ${origins.slice(0, ORIGINS_SHOWN).map(originRow)}</tbody></table>
          ${rest > 0 ? html`<p class="aside">and ${plural(rest, "more")}.</p>` : ""}`
    }${unread.length === 0 ? "" : html`<p class="warning">What is recorded at ${unread.slice(0, 10).join(", ")}${unread.length > 10 ? ` and ${unread.length - 10} more` : ""} cannot be read any more, and is left out.</p>`}</section>`;
}

function originRow({ kind, places, excerpt, transforms, source, trail, unlisted }: ArgumentOrigin): Html {
  const where = places.map((place) => (place === "" ? "the whole input" : place)).join(" + ");
  return html`<tr><td><span class="badge wait">${kind}</span> <mark class="echo">${foreign(excerpt, 240)}</mark>
      ${where === "" ? "" : html` at <code>${foreign(where, 160)}</code>`}
      ${transforms.length === 0 ? "" : html` <span class="aside">written as ${transforms.join(", ")}</span>`}</td>
    <td>${stepLink(source)}${source.reached === "elsewhere" ? html` <span class="badge bad">this conversation was not given it</span>` : ""}${source.reached === "memory" ? html` <span class="aside">by way of memory</span>` : ""}
      ${source.reached === "file" ? "" : html`<br><span class="aside">bytes ${source.start} to ${source.end}: ${foreign(source.excerpt, 240)}</span>`}</td>
    <td>${trail.length < 2 ? "" : html`<ol class="trail">${trail.map((step) => html`<li>${stepLink(step)}</li>`)}</ol>`}
      ${unlisted > 0 ? html`<span class="aside">and ${plural(unlisted, "more")}</span>` : ""}</td></tr>`;
}

const ROLES: Readonly<Record<OriginStep["role"], string>> = {
  given: "returned to",
  said: "said by",
  argument: "in a call by",
  told: "told to",
  file: "file changed by",
};

function stepLink({ entry, role, runId, agent, tool }: OriginStep): Html {
  const address = runId === undefined ? `/ledger/${entry}` : `/runs/${encodeURIComponent(runId.toWellFormed())}`;
  return html`<a href="${address}">${tool === undefined ? `entry ${entry}` : foreign(tool, 80)}</a>, ${ROLES[role]} ${foreign(agent, 80)}`;
}

/** What of a run's output turned up again in what any agent called or said. */
export function tracesSection(traces: readonly RunTrace[] = []): Html {
  if (traces.length === 0) return html``;
  return html`<section class="traces"><h2>Where it turned up again</h2><ul>
    ${traces.map(({ origins, ...step }) => html`<li>${stepLink(step)}: ${origins.slice(0, 20).map(({ kind, excerpt }) => html`<span class="badge calm">${kind}</span> <mark class="echo">${foreign(excerpt, 160)}</mark> `)}</li>`)}</ul></section>`;
}
