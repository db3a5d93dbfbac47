import { html } from "hono/html";
import type { Decision, Review } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { rowsOfInput } from "../show/input-rows.ts";
import { textView } from "../show/text-view.ts";
import { foreign } from "../show/visible.ts";
import { type ReviewContext, takeBack, wholeDecision } from "./decision-form.ts";
import { originsSection } from "./origins.ts";
import { reviewPage } from "./review-frame.ts";
import { consequence } from "./words.ts";

export type CallReview = Extract<Review, { kind: "call" }>;

const OUTCOMES: Readonly<
  Record<Decision["considered"][number]["outcome"], { readonly word: string; readonly tone: string }>
> = {
  allows: { word: "allows", tone: "good" },
  asks: { word: "asks", tone: "wait" },
  refuses: { word: "refuses", tone: "bad" },
  "does-not-apply": { word: "does not apply", tone: "calm" },
};

/** A tool call that needs somebody's agreement before it is made. */
export function callPage(review: CallReview, from: number, context: ReviewContext): Html {
  const { input, decision, judgement, origins, unread, state, id } = review;
  const { rows, hiddenUnits } = rowsOfInput(input);
  const pageAt = (row: number): string => `/reviews/${encodeURIComponent(id)}?from=${row}`;
  return reviewPage(
    review,
    context,
    html`<div class="two">
      <div><section><h2>The input</h2>${textView({ rows, marks: [], label: "Input of the call", isDiff: false, from, pageAt })}
      ${hiddenUnits > 0 ? html`<p class="warning">The input goes on; the rest is too long to show. Reject what you cannot read.</p>` : ""}</section>
      ${judgementSection(judgement)}
      ${originsSection(origins, unread)}
      ${decisionSection(decision)}</div>
      ${state === "pending" ? html`<aside class="decision" aria-label="Decision"><h2>Your decision</h2>${consequence(review)}${wholeDecision(review, context, "Agree to this call")}</aside>` : takeBack(review, context)}
    </div>`,
  );
}

/** What the monitor of actions has seen in it. */
function judgementSection(judgement: CallReview["judgement"]): Html {
  if (judgement === undefined) return html``;
  const { bits, alarmBits, probability, reasons } = judgement;
  return html`<section id="judgement"><h2>What the monitor says</h2>
    <p>${bits.toFixed(1)} bits of evidence that nobody wanted this; an alarm begins at ${alarmBits.toFixed(1)}. Of calls like it, as calibrated, ${Math.round(100 * probability)} % are not wanted.</p>
    <table class="rules"><thead><tr><th>Bits</th><th>Because</th></tr></thead><tbody>
    ${reasons.map((one) => html`<tr><td>${one.bits.toFixed(1)}</td><td>${foreign(one.text, 600)}</td></tr>`)}</tbody></table></section>`;
}

/** Why the policy said what it said: the rule that decided, and all that were looked at. */
export function decisionSection({ rule, reason, considered }: Pick<Decision, "rule" | "reason" | "considered">): Html {
  return html`<section><h2>Why you are asked</h2><p>${foreign(reason, 2000)}</p>
    <table class="rules"><thead><tr><th>Rule</th><th>Says</th><th>Because</th></tr></thead><tbody>
    ${considered.map(
      (one) =>
        html`<tr class="${one.rule === rule ? "deciding" : ""}"><td><code>${foreign(one.rule, 200)}</code></td><td><span class="badge ${OUTCOMES[one.outcome].tone}">${OUTCOMES[one.outcome].word}</span></td><td>${foreign(one.why, 400)}</td></tr>`,
    )}</tbody></table></section>`;
}
