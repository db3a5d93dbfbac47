import { html } from "hono/html";
import type { SemanticDifferential } from "../../loop/index.ts";
import { ECHOES_LISTED_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import type { Mark } from "../show/marks.ts";
import { plural } from "../show/quantities.ts";
import { rowsOfText } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { foreign } from "../show/visible.ts";

/** A text that the agent was given of this run, as the differential numbers them. */
export interface GivenText {
  readonly label: string;
  readonly text: string;
}

type Echo = SemanticDifferential["echoes"][number];
type Plans = NonNullable<SemanticDifferential["plans"]>;

/** What a run's output did to its agent: which stretches of what it was given turned up again in what it said and did. */
export function differentialSection(differential: SemanticDifferential, given: readonly GivenText[]): Html {
  const { added, echoes, plans, truncated } = differential;
  const fresh = echoes.filter(({ known }) => !known);
  const units = added.reduce((sum, one) => sum + one.units, 0);
  return html`<section class="differential"><h2>What it did to the agent</h2>
    <p>${
      units === 0
        ? "The agent was given nothing of this run but a sentence of ours."
        : html`${plural(units, "character")} were added to the agent’s context. ${
            fresh.length === 0
              ? "None of it turned up again in what the agent said or called afterwards."
              : html`<strong>${plural(fresh.length, "stretch").replace("stretchs", "stretches")}</strong> of it turned up again afterwards.`
          }`
    }</p>
    ${given.map((one, payload) => givenText(one, payload, echoes))}
    ${fresh.length === 0 ? "" : echoTable(fresh, differential)}
    ${truncated ? html`<p class="aside">There are more such stretches than are reported.</p>` : ""}
    ${plans === undefined ? "" : planChanges(plans)}</section>`;
}

function givenText({ label, text }: GivenText, payload: number, echoes: readonly Echo[]): Html {
  const spans = echoes.filter((echo) => echo.payload === payload);
  const { rows } = rowsOfText(text);
  return html`<details class="output"${spans.length > 0 ? html` open` : ""}><summary>What the agent was given (${foreign(label, 100)})</summary>
    ${textView({ rows, marks: spanMarks(text, spans), label: "What the agent was given", isDiff: false, count: 200 })}</details>`;
}

/** Echoes tell UTF-16 units, marks bytes. */
function spanMarks(text: string, spans: readonly Echo[]): Mark[] {
  const byteAt = (unit: number): number => Buffer.byteLength(text.slice(0, unit));
  return spans.slice(0, ECHOES_LISTED_MAX).map(({ payloadStart, payloadEnd, known }) => ({
    start: byteAt(payloadStart),
    end: byteAt(payloadEnd),
    tone: known ? "echo-known" : "echo",
  }));
}

function echoTable(fresh: readonly Echo[], { later, added }: SemanticDifferential): Html {
  const rest = fresh.length - ECHOES_LISTED_MAX;
  return html`<table class="echoes"><thead><tr><th>Stretch</th><th>Turned up in</th><th>How</th></tr></thead><tbody>
    ${fresh.slice(0, ECHOES_LISTED_MAX).map((echo) => {
      const where = later[echo.later]?.label ?? "";
      return html`<tr><td><mark class="echo">${foreign(echo.text, 240)}</mark>${added.length > 1 ? html` <span class="aside">of ${foreign(added[echo.payload]?.label ?? "", 80)}</span>` : ""}</td>
        <td>${place(where)}${echo.place === undefined ? "" : html` at <code>${foreign(echo.place === "" ? "the whole input" : echo.place, 120)}</code>`}</td>
        <td><span class="badge ${echo.wholeArgument ? "bad" : "calm"}">${echo.wholeArgument ? "as an argument" : echo.match}</span></td></tr>`;
    })}</tbody></table>${rest > 0 ? html`<p class="aside">and ${plural(rest, "more")}.</p>` : ""}`;
}

/** The loop names a later call by its run. */
function place(label: string): Html {
  const runId = /^call ([\w-]{1,64})$/.exec(label)?.[1];
  const entry = /^said at entry (\d{1,15})$/.exec(label)?.[1];
  if (runId !== undefined) return html`<a href="/runs/${runId}">a later call</a>`;
  if (entry !== undefined) return html`<a href="/ledger/${entry}">what the agent said</a>`;
  return foreign(label, 120);
}

function planChanges({ added, removed, changed, unchanged, reordered }: Plans): Html {
  const call = (one: { readonly tool: string; readonly arguments: unknown }): Html =>
    html`<code>${foreign(one.tool, 100)} ${foreign(JSON.stringify(one.arguments), 300)}</code>`;
  const isSame = added.length + removed.length + changed.length === 0;
  return html`<h3>What the agent planned</h3>
    ${isSame ? html`<p class="aside">The same calls before and after (${unchanged})${reordered ? ", in another order" : ""}.</p>` : ""}
    <ul class="plan">${added.slice(0, 50).map((one) => html`<li class="add"><span class="sign">+</span> ${call(one)}</li>`)}
    ${removed.slice(0, 50).map((one) => html`<li class="remove"><span class="sign">−</span> ${call(one)}</li>`)}
    ${changed.slice(0, 50).map(({ before, after }) => html`<li class="change"><span class="sign">~</span> ${call(before)} → ${call(after)}</li>`)}</ul>`;
}
