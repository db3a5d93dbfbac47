import { html, raw } from "hono/html";
import type { DecisionResult, Review } from "../../loop/index.ts";
import { MESSAGE_CHARACTERS_MAX, REVIEWER_CHARACTERS_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { foreign, visibleText } from "../show/visible.ts";

/** In whose name this browser decides: whoever gives a name, somebody who signed in, or nobody until then. */
export interface Decider {
  readonly name: string;
  readonly is: "anybody" | "signed-in" | "nobody";
}

/** What a person has filled in so far; shown again when a decision was refused. */
export interface Draft {
  readonly who: Decider;
  readonly message: string;
  /** Numbers of the files chosen and of the protected ones agreed to. */
  readonly chosen: ReadonlySet<number>;
  readonly agreed: ReadonlySet<number>;
}

/** What the pages of reviews are made of besides the review. */
export interface ReviewContext {
  readonly csrfToken: string;
  readonly draft: Draft;
  /** What the agent gave the call as input, as JSON; absent when the ledger keeps it elsewhere. */
  readonly input?: string;
  /** Why the last decision was refused. */
  readonly refused?: Exclude<DecisionResult, { status: "done" | "more-reviewers" }>;
}

/**
 * Ties a form to this session, and a decision to what was shown. The Enter key presses a form's first button: here it is one that
 * does nothing, for nobody is to approve by the way.
 */
export function formHead(csrfToken: string, hash: string): Html {
  return html`<button disabled hidden></button><input type="hidden" name="csrf" value="${csrfToken}"><input type="hidden" name="hash" value="${hash}">`;
}

export function signature({ who, message }: Draft, asksMessage: boolean): Html {
  return html`${deciderField(who)}
    ${
      asksMessage
        ? html`<p class="field"><label for="message">Message to the agent <span class="aside">(optional)</span></label>
    <textarea id="message" name="message" rows="3" maxlength="${MESSAGE_CHARACTERS_MAX}">${message}</textarea></p>`
        : ""
    }`;
}

function deciderField({ name, is }: Decider): Html {
  switch (is) {
    case "anybody":
      return html`<p class="field"><label for="reviewer">Your name, for the ledger</label>
    <input id="reviewer" name="reviewer" value="${name}" maxlength="${REVIEWER_CHARACTERS_MAX}" required autocomplete="name"></p>`;
    case "signed-in":
      return html`<p class="field">You decide as <strong>${visibleText(name)}</strong>. <a href="/sign-in">Sign out</a><input type="hidden" name="reviewer" value="${name}"></p>`;
    case "nobody":
      return html`<p class="warning">Here reviewers decide: <a href="/sign-in">sign in</a> with your token first.<input type="hidden" name="reviewer" value="${name}"></p>`;
  }
}

/** Calls and contents are agreed to as a whole. */
export function wholeDecision(review: Review, context: ReviewContext, approveText: string): Html {
  const address = `/reviews/${encodeURIComponent(review.id)}`;
  return html`<form class="decision" method="post" action="${address}/reject" aria-label="Decision">
    ${formHead(context.csrfToken, review.hash)}
    ${secondYes(review, context.draft)}
    ${signature(context.draft, true)}
    <div class="buttons"><button class="primary" formaction="${address}/approve">${approveText}</button>
    <button class="danger" formaction="${address}/reject">Reject</button></div></form>`;
}

/** A yes to a call or a content, as long as no use was made of it. */
export function takeBack(review: Review, { csrfToken, draft }: ReviewContext): Html {
  if (review.state !== "approved") return html``;
  return html`<aside class="decision" aria-label="Decision"><form class="afterwards" method="post" action="/reviews/${encodeURIComponent(review.id)}/revoke" aria-label="Take the yes back">
    ${formHead(csrfToken, review.hash)}${signature(draft, false)}
    <div class="buttons"><button class="danger">Take the yes back</button></div></form></aside>`;
}

/** What blocked a content must be agreed to by name; ticks are numbers, as those of protected files are. */
function secondYes(review: Review, { agreed }: Draft): Html {
  if (review.kind !== "content") return html``;
  return html`${(review.toName ?? []).map(
    (
      { path, reason },
      number,
    ) => html`<p class="warning"><input type="checkbox" id="agree-${number}" name="protected" value="${number}"${agreed.has(number) ? raw(" checked") : ""}>
    <label for="agree-${number}">I saw it and release it all the same: it ${foreign(reason, 400)} <span class="aside">(${foreign(path, 200)})</span></label></p>`,
  )}`;
}

/** Why a decision did not come to be, and what to do now. */
export function refusalNotice(refused: ReviewContext["refused"]): Html {
  if (refused === undefined) return html``;
  const { heading, advice } = explain(refused);
  const files = "files" in refused ? refused.files : "conflicts" in refused ? refused.conflicts : [];
  return html`<section class="notice bad" role="alert" tabindex="-1" id="refusal"><h2>${heading}</h2><p>${advice}</p>
    ${files.length === 0 ? "" : html`<ul>${files.slice(0, 50).map(({ path, reason }) => html`<li><code>${foreign(path, 240)}</code> ${foreign(reason, 400)}</li>`)}</ul>`}
  </section>`;
}

function explain(refused: NonNullable<ReviewContext["refused"]>): {
  readonly heading: string;
  readonly advice: string;
} {
  switch (refused.status) {
    case "stale":
      return {
        heading: "This is not what you looked at",
        advice: "It changed after you opened the page. Below is what there is now: look at it again before you decide.",
      };
    case "already": {
      const who = refused.decidedBy === undefined ? "Somebody" : visibleText(refused.decidedBy);
      return {
        heading: `${who} was faster`,
        advice: "Your decision was not needed and changed nothing. Below is where it stands.",
      };
    }
    case "conflict":
      return {
        heading: "Nothing was written: files changed meanwhile",
        advice:
          "These are no longer what the run saw. Merge them below with what is there now, or let the agent look again.",
      };
    case "protected":
      return {
        heading: "Some of these need a yes of their own",
        advice:
          "Programs run such files, and models obey such texts, without asking. Tick “I agree” at each one you want, or leave it out.",
      };
    case "bad-selection":
      if (refused.files.length === 0) {
        return {
          heading: "No file is chosen",
          advice: "Tick the files that are to be written, or approve everything.",
        };
      }
      return {
        heading: "These files cannot be chosen like that",
        advice:
          "Some changes need each other, such as a new folder and what is in it. Add what is missing, or leave both out.",
      };
    case "not-allowed":
      return {
        heading: "Only a reviewer may decide this",
        advice: visibleText(`${refused.message} ${refused.remedy}`),
      };
    case "not-found":
      return { heading: "There is no such review", advice: "It may be too old to be kept." };
    case "failed":
      return { heading: "It could not be done", advice: visibleText(refused.error.message) };
  }
}
