import { html } from "hono/html";
import type { ReviewSummary } from "../../loop/index.ts";
import { REVIEWS_SHOWN_MAX, TITLE_CHARACTERS_MAX } from "../limits.ts";
import { commandLine } from "../show/command.ts";
import type { Html } from "../show/html.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { page } from "./layout.ts";
import { KIND_WORDS, stateBadge } from "./words.ts";

export interface ReviewsPage {
  readonly reviews: readonly ReviewSummary[];
  /** All reviews, not only those that wait. */
  readonly isHistory: boolean;
}

/** What waits for a person, newest first; or everything that ever did. */
export function reviewsPage({ reviews, isHistory }: ReviewsPage): Html {
  const count = reviews.length;
  const title = isHistory ? "All decisions" : count === 0 ? "Nothing waits" : `(${count}) Waiting`;
  return page({
    title,
    section: "reviews",
    live: "reviews",
    main: html`<div class="heading"><h1>${isHistory ? "All decisions" : "Waiting for you"}</h1>
      <p class="aside">${isHistory ? html`<a href="/">Only what waits</a>` : html`<a href="/reviews">All decisions</a>`}</p></div>
      ${count === 0 ? empty(isHistory) : html`<ol class="cards">${reviews.map((one) => card(one, isHistory))}</ol>`}
      ${count === REVIEWS_SHOWN_MAX ? html`<p class="aside">The newest ${plural(count, "review")} are shown.</p>` : ""}`,
  });
}

function card(review: ReviewSummary, isHistory: boolean): Html {
  const { id, kind, state, agent, tool, command, createdAt, expiresAt, title } = review;
  return html`<li class="card item" id="review-${id}">
    <div class="card-head"><span class="kind kind-${kind}">${KIND_WORDS[kind]}</span>
      ${isHistory ? stateBadge(state) : ""}
      <span class="when">${timeElement(createdAt)}${state === "pending" ? html` · expires ${timeElement(expiresAt)}` : ""}</span></div>
    <h2 class="sentence"><a class="open" href="/reviews/${encodeURIComponent(id)}">${foreign(title, TITLE_CHARACTERS_MAX)}</a></h2>
    <p class="origin">${foreign(agent)} with <strong>${foreign(tool)}</strong></p>
    ${command === "" ? "" : html`<pre class="command">${commandLine(command)}</pre>`}
  </li>`;
}

function empty(isHistory: boolean): Html {
  return html`<section class="empty"><p class="big">${isHistory ? "Nothing was ever asked." : "Nothing waits for you."}</p>
    <p>When an agent’s tool changes files, when a call needs somebody’s agreement, or when the guard withholds an output, it
    appears here by itself. Until you decide, nothing of it reaches this machine or the agent.</p>
    <p>To see it happen, run <code>ztl demo</code>. What agents did so far is under <a href="/runs">Runs</a>.</p></section>`;
}
