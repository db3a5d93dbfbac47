import { html } from "hono/html";
import type { OpenBreaker, ReviewSummary } from "../../loop/index.ts";
import type { Desk } from "../desk.ts";
import { NAMES_LISTED_MAX, TITLE_CHARACTERS_MAX } from "../limits.ts";
import { commandLine } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { openNotice } from "./breakers.ts";
import { page } from "./layout.ts";
import { KIND_WORDS, stateBadge } from "./words.ts";

export interface ReviewsPage {
  readonly reviews: readonly ReviewSummary[];
  /** All reviews, not only those that wait. */
  readonly isHistory: boolean;
  /** After which review the next page begins; absent on the last one. */
  readonly next?: string | undefined;
  readonly isFirst: boolean;
  /** Only reviews of this agent are shown. */
  readonly agent?: string | undefined;
  /** What of the configuration's mounts is not there now. */
  readonly mountProblems: Desk["mountProblems"];
  /** What is stopped. */
  readonly breakers: readonly OpenBreaker[];
}

/** What waits for a person, the oldest of each agent first; or everything that ever did, newest first. */
export function reviewsPage({ reviews, isHistory, next, isFirst, agent, mountProblems, breakers }: ReviewsPage): Html {
  const count = reviews.length;
  const title = isHistory
    ? "All decisions"
    : count === 0
      ? "Nothing waits"
      : `(${count}${next === undefined ? "" : "+"}) Waiting`;
  const address = isHistory ? "/reviews" : "/";
  const pageAfter = (after: string | undefined): string => {
    const query = new URLSearchParams({ ...(agent !== undefined && { agent }), ...(after !== undefined && { after }) });
    return query.size === 0 ? address : `${address}?${query}`;
  };
  return page({
    title,
    section: "reviews",
    live: "reviews",
    main: html`<div class="heading"><h1>${isHistory ? "All decisions" : "Waiting for you"}</h1>
      <p class="aside">${isHistory ? html`<a href="/">Only what waits</a>` : html`<a href="/reviews">All decisions</a>`}</p></div>
      ${openNotice(breakers)}
      ${mountProblems.length === 0 ? "" : missing(mountProblems)}
      ${count === 0 ? empty(isHistory) : html`<ol class="cards">${reviews.map((one) => card(one, isHistory))}</ol>`}
      <p class="pages">${isFirst ? "" : html`<a href="${pageAfter(undefined)}">From the beginning</a>`} ${next === undefined ? "" : html`<a href="${pageAfter(next)}">More</a>`} ${agent === undefined ? "" : html`<a href="${address}">Of all agents</a>`}</p>`,
  });
}

function missing(problems: Desk["mountProblems"]): Html {
  return html`<section class="notice bad" id="mounts"><p>Calls of these tools fail, and changes there cannot be written, until this is put right; all else can be decided.</p>
    <ul>${problems.slice(0, NAMES_LISTED_MAX).map(({ path, message, remedy }) => html`<li><code>${foreign(path, 200)}</code> ${foreign(message, 400)}. ${foreign(remedy, 400)}</li>`)}</ul>
    ${problems.length > NAMES_LISTED_MAX ? html`<p class="aside">${plural(problems.length - NAMES_LISTED_MAX, "more problem")}.</p>` : ""}</section>`;
}

function card(review: ReviewSummary, isHistory: boolean): Html {
  const { id, kind, state, agent, tool, command, createdAt, expiresAt, title } = review;
  return html`<li class="card item" id="review-${id}">
    <div class="card-head"><span class="kind kind-${kind}">${KIND_WORDS[kind]}</span>
      ${isHistory ? stateBadge(state) : ""}
      <span class="when">${timeElement(createdAt)}${state === "pending" ? html` · expires ${timeElement(expiresAt)}` : ""}</span></div>
    <h2 class="sentence"><a class="open" href="/reviews/${encodeURIComponent(id)}">${foreign(title, TITLE_CHARACTERS_MAX)}</a></h2>
    <p class="origin"><a class="quiet" href="/?${new URLSearchParams({ agent })}">${foreign(agent)}</a> with <strong>${foreign(tool)}</strong></p>
    ${command === "" ? "" : html`<pre class="command">${commandLine(command)}</pre>`}
  </li>`;
}

function empty(isHistory: boolean): Html {
  return html`<section class="empty"><p class="big">${isHistory ? "Nothing was ever asked." : "Nothing waits for you."}</p>
    <p>When an agent’s tool changes files, when a call needs somebody’s agreement, or when the guard withholds an output, it
    appears here by itself. Until you decide, nothing of it reaches this machine or the agent.</p>
    <p>To see it happen, run <code>ztl demo</code>. What agents did so far is under <a href="/runs">Runs</a>.</p></section>`;
}
