import { html } from "hono/html";
import type { CloseResult, OpenBreaker } from "../../loop/index.ts";
import { MESSAGE_CHARACTERS_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { foreign, visibleText } from "../show/visible.ts";
import { type Decider, formHead, signature } from "./decision-form.ts";
import { page } from "./layout.ts";

export interface BreakersPage {
  readonly breakers: readonly OpenBreaker[];
  readonly who: Decider;
  readonly csrfToken: string;
  /** Why nothing was done just now, or what is missing. */
  readonly refused?: { readonly heading: string; readonly advice: string };
}

/** Of the evidence, what is read at once; the ledger's entry has all of it. */
const EVIDENCE_CHARACTERS_MAX = 8000;

/** What is stopped, why, and what lets it go on. */
export function breakersPage({ breakers, who, csrfToken, refused }: BreakersPage): Html {
  const title = breakers.length === 0 ? "Nothing is stopped" : `${plural(breakers.length, "breaker")} open`;
  return page({
    title,
    section: "breakers",
    live: "reviews",
    main: html`<div class="heading"><h1>${breakers.length === 0 ? "Nothing is stopped" : "Stopped"}</h1></div>
      ${refused === undefined ? "" : html`<section class="notice bad" role="alert" tabindex="-1" id="refusal"><h2>${refused.heading}</h2><p>${refused.advice}</p></section>`}
      ${breakers.length === 0 ? empty() : html`<ol class="cards">${breakers.map((one) => card(one, { who, csrfToken }))}</ol>`}
      ${stopForm(who)}`,
  });
}

/** What is open, above the list of what waits. */
export function openNotice(breakers: readonly OpenBreaker[]): Html {
  const [first] = breakers;
  if (first === undefined) return html``;
  const more = breakers.length === 1 ? "" : ` and ${plural(breakers.length - 1, "other breaker")}`;
  return html`<section class="notice bad" id="breakers"><p><strong>Stopped:</strong> ${whom(first)}${more}. ${foreign(first.reason, 300)} <a href="/breakers">Look at it</a></p></section>`;
}

export function refusedClosing(result: Exclude<CloseResult, { status: "closed" }>): {
  readonly heading: string;
  readonly advice: string;
} {
  switch (result.status) {
    case "not-found":
      return { heading: "It is not open any more", advice: "Somebody, or a rule, closed it." };
    case "stale":
      return {
        heading: "This is not what you looked at",
        advice: "It was opened for another reason meanwhile. Look at it again before you let it go on.",
      };
    case "not-allowed":
      return {
        heading: "Only a reviewer may let it go on",
        advice: visibleText(`${result.message} ${result.remedy}`),
      };
    case "more-reviewers": {
      const roles = result.roles.length === 0 ? "" : ` Somebody of the role ${result.roles.join(", ")} must.`;
      return {
        heading: "Your yes is counted",
        advice: visibleText(`${plural(result.missing, "more reviewer")} must agree.${roles}`),
      };
    }
  }
}

function card(breaker: OpenBreaker, { who, csrfToken }: Pick<BreakersPage, "who" | "csrfToken">): Html {
  const { id, state, source, reason, openedBy, openedAt, causedBy, probeAt, evidence, hash } = breaker;
  return html`<li class="card item" id="breaker-${id}">
    <div class="card-head"><span class="badge bad">${state}</span> <span class="kind">${source}</span>
      <span class="when">${timeElement(openedAt)}</span></div>
    <h2 class="sentence">${whom(breaker)}</h2>
    <p>${foreign(reason, MESSAGE_CHARACTERS_MAX)}</p>
    <p class="origin">${openedBy === undefined ? "Opened by a rule" : html`Opened by ${foreign(openedBy, 200)}`}${causedBy === undefined ? "" : html`, in <a href="/runs/${encodeURIComponent(causedBy)}">this run</a>`}${probeAt === undefined ? "" : html`; one call may try ${timeElement(probeAt)}`}</p>
    ${evidence === undefined ? "" : html`<details><summary>Evidence</summary><pre class="command">${foreign(JSON.stringify(evidence, undefined, 2), EVIDENCE_CHARACTERS_MAX)}</pre></details>`}
    <form class="decision" method="post" action="/breakers/${encodeURIComponent(id)}/close" aria-label="Let it go on">
      ${formHead(csrfToken, hash)}${signature({ who, message: "", chosen: new Set(), agreed: new Set() }, false)}
      <div class="buttons"><button>Let it go on</button></div></form>
  </li>`;
}

function whom({ target }: OpenBreaker): Html {
  switch (target.scope) {
    case "global":
      return html`All agents`;
    case "agent":
      return html`The agent ${foreign(target.agent, 200)}`;
    case "conversation":
      return html`The conversation ${foreign(target.conversation, 200)} of ${foreign(target.agent, 200)}`;
    case "run":
      return html`One run of ${foreign(target.agent, 200)}`;
  }
}

function stopForm({ name }: Decider): Html {
  return html`<form class="decision" method="post" action="/breakers/open" aria-label="Stop">
    <p>Stopping ends what goes on and keeps anything new from beginning, at once. ${name === "" ? "" : "Letting it go on takes a reviewer."}</p>
    <p class="field"><label for="agent">Agent <span class="aside">(all of them, when it is left empty)</span></label><input id="agent" name="agent" maxlength="256" autocomplete="off"></p>
    <p class="field"><label for="conversation">Its conversation <span class="aside">(all of its, when it is left empty)</span></label><input id="conversation" name="conversation" maxlength="256" autocomplete="off"></p>
    <p class="field"><label for="message">Why <span class="aside">(optional; the agent is told)</span></label><textarea id="message" name="message" rows="2" maxlength="2000"></textarea></p>
    <div class="buttons"><button class="stop">Stop</button></div></form>`;
}

function empty(): Html {
  return html`<section class="empty"><p class="big">Every agent may act, as far as the policy allows.</p>
    <p>The red button stops all of them. Rules of the configuration (<code>breaker.trips</code>) stop one by itself, such as for a
    grave finding of the guard; until somebody lets it go on it is listed here.</p></section>`;
}
