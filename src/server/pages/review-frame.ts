import { html } from "hono/html";
import { sha256Hex } from "../../base/sha256.ts";
import type { Review, Standing } from "../../loop/index.ts";
import { NAME_CHARACTERS_MAX, NAMES_LISTED_MAX, TITLE_CHARACTERS_MAX } from "../limits.ts";
import { commandText } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { rowsOfInput } from "../show/input-rows.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { textView } from "../show/text-view.ts";
import { foreign, visibleText } from "../show/visible.ts";
import { type ReviewContext, refusalNotice } from "./decision-form.ts";
import { page } from "./layout.ts";
import { KIND_WORDS, stateBadge, stateSentence } from "./words.ts";

/** What the pages of all kinds of review have in common: who asks, with which command, and where it stands. */
export function reviewPage(review: Review, context: ReviewContext, body: Html): Html {
  const { kind, state, agent, tool, command, runId, createdAt, expiresAt, title, message, hash } = review;
  const sentence = stateSentence(review);
  return page({
    title: `${KIND_WORDS[kind]} by ${agent}`,
    section: "reviews",
    live: "review",
    address: `/reviews/${encodeURIComponent(review.id)}`,
    // Names as they are would stand in the page unpainted.
    version: sha256Hex(JSON.stringify([hash, state, review.standing?.given ?? []])),
    main: html`<div class="heading"><p class="eyebrow"><span class="kind kind-${kind}">${KIND_WORDS[kind]}</span> ${stateBadge(state)}</p>
      <h1 class="sentence">${foreign(title, TITLE_CHARACTERS_MAX)}</h1></div>
      ${refusalNotice(context.refused)}
      ${sentence === undefined ? "" : html`<section class="notice calm" id="state"><p>${sentence}</p>${message === undefined ? "" : html`<p class="aside">With the message: ${foreign(message, 2000)}</p>`}</section>`}
      ${review.standing === undefined ? "" : standingNotice(review.standing)}
      <dl class="facts"><div><dt>Agent</dt><dd>${foreign(agent)}</dd></div><div><dt>Tool</dt><dd>${foreign(tool)}</dd></div>
      <div><dt>Asked</dt><dd>${timeElement(createdAt)}</dd></div>
      ${state === "pending" ? html`<div><dt>Rejected by itself</dt><dd>${timeElement(expiresAt)}</dd></div>` : ""}
      <div><dt>Run</dt><dd><a href="/runs/${encodeURIComponent(runId)}">what the run did</a></dd></div></dl>
      ${command === "" ? "" : html`<section class="labelled"><h2 class="small">The command that made it</h2>${commandText(command)}${kind === "call" || context.input === undefined ? "" : wholeInput(context.input)}</section>`}
      ${takenInSection(review.takenIn)}
      ${body}`,
  });
}

const WAYS: Readonly<Record<string, string>> = {
  output: "returned by a tool or sent by an agent",
  retrieval: "found in a vector store",
  restore: "from a snapshot of a memory",
  memory: "put into its memory",
};

/** Whose words the agent may be acting on. */
function takenInSection(takenIn: Review["takenIn"]): Html {
  if (takenIn === undefined || takenIn.length === 0) return html``;
  return html`<section class="labelled" id="taken-in"><h2 class="small">What this conversation has taken in</h2>
    <ul>${takenIn.map(
      ({ source, trust, confidentiality, ways, runIds }) =>
        html`<li><code>${foreign(source, 100)}</code> <span class="badge ${trust === "trusted" ? "calm" : "bad"}">${trust}</span> <span class="badge ${confidentiality === "private" ? "wait" : "calm"}">${confidentiality}</span>
        ${ways.map((way) => WAYS[way] ?? visibleText(way)).join(", ")} ${runIds.map((id) => html`<a href="/runs/${encodeURIComponent(id)}">${foreign(id.slice(0, 8), 20)}</a> `)}</li>`,
    )}</ul></section>`;
}

/** Who has agreed and who is missing. */
function standingNotice({ needed, given, missing, roles }: Standing): Html {
  const agreed = given.length === 0 ? "Nobody has agreed yet." : html`${listed(given, ", ")} agreed.`;
  const more = missing === 0 ? "" : ` ${plural(missing, "more reviewer")} must.`;
  const of = roles.length === 0 ? "" : html` Somebody must who has the role ${listed(roles, ", and one who has ")}.`;
  return html`<section class="notice calm" id="standing"><p>${plural(needed.reviewers, "reviewer")} must agree to this. ${agreed}${more}${of}</p></section>`;
}

/** Each name apart: two that stand together must not be taken for a third one, nor one for two. */
function listed(names: readonly string[], between: string): Html {
  const more = names.length - NAMES_LISTED_MAX;
  const shown = names.slice(0, NAMES_LISTED_MAX);
  return html`${shown.map((name, index) => html`${index === 0 ? "" : between}${foreign(name, NAME_CHARACTERS_MAX)}`)}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The command may be the tool owner's own; this is what the agent wrote. */
function wholeInput(input: string): Html {
  const { rows } = rowsOfInput(input);
  return html`<details class="output"><summary>What the agent wrote as input</summary>
    ${textView({ rows, marks: [], label: "Input of the call", isDiff: false })}</details>`;
}
