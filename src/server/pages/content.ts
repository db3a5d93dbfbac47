import { html } from "hono/html";
import type { Review } from "../../loop/index.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { rowsOfText } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { type ReviewContext, wholeDecision } from "./decision-form.ts";
import { findingMarks, findingsList, rowHolding, shownFinding } from "./findings.ts";
import { reviewPage } from "./review-frame.ts";
import { consequence } from "./words.ts";

export type ContentReview = Extract<Review, { kind: "content" }>;

/** Output that the guard withheld, with what it saw marked in it. */
export function contentPage(review: ContentReview, from: number, context: ReviewContext): Html {
  const { text, state, id } = review;
  const findings = review.findings.map(shownFinding);
  const { rows, hiddenUnits } = rowsOfText(text);
  const pageAt = (row: number): string => `/reviews/${encodeURIComponent(id)}?from=${row}`;
  const list = findingsList(findings, ({ start }, index) => {
    const row = rowHolding(rows, start);
    return row === undefined ? undefined : `${pageAt(row - (row % ROWS_PER_PAGE))}#finding-${index}`;
  });
  const marks = findingMarks(findings, "finding");
  return reviewPage(
    review,
    context,
    html`<div class="two">
      <div><section><h2>What the guard saw</h2>${list}</section>
      <section><h2>The withheld text</h2>${textView({ rows, marks, label: "Withheld text", isDiff: false, from, pageAt })}
      ${hiddenUnits > 0 ? html`<p class="warning">The text goes on; the rest is too long to show. Reject what you cannot read.</p>` : ""}</section></div>
      ${state === "pending" ? html`<aside class="decision" aria-label="Decision"><h2>Your decision</h2>${consequence(review)}${wholeDecision(review, context, "Release to the agent")}</aside>` : ""}
    </div>`,
  );
}
