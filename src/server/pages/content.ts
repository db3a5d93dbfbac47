import { html } from "hono/html";
import type { Review } from "../../loop/index.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { rowsOfText } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { type ReviewContext, takeBack, wholeDecision } from "./decision-form.ts";
import { findingMarks, findingsList, rowHolding, shownFinding } from "./findings.ts";
import { reviewPage } from "./review-frame.ts";
import { consequence } from "./words.ts";

export type ContentReview = Extract<Review, { kind: "content" }>;

/** Output that the guard withheld, with what it saw marked in it. */
export function contentPage(review: ContentReview, from: number, context: ReviewContext): Html {
  const { text, state, id } = review;
  const { foundToday = [], unlisted = 0 } = review;
  const findings = review.findings.map(shownFinding);
  const newer = foundToday.map(shownFinding);
  const { rows, hiddenUnits } = rowsOfText(text);
  const pageAt = (row: number): string => `/reviews/${encodeURIComponent(id)}?from=${row}`;
  const listOf = (found: typeof findings, prefix: string): Html =>
    findingsList(found, ({ start }, index) => {
      const row = rowHolding(rows, start);
      return row === undefined ? undefined : `${pageAt(row - (row % ROWS_PER_PAGE))}#${prefix}-${index}`;
    });
  const list = html`${listOf(findings, "finding")}
    ${unlisted > 0 ? html`<p class="aside">${plural(unlisted, "finding")} more were not kept.</p>` : ""}
    ${newer.length === 0 ? "" : html`<h3>What today’s rules see beyond that</h3>${listOf(newer, "newer")}`}`;
  const marks = [...findingMarks(findings, "finding"), ...findingMarks(newer, "newer")];
  return reviewPage(
    review,
    context,
    html`<div class="two">
      <div><section><h2>What the guard saw</h2>${list}</section>
      <section><h2>The withheld text</h2>${textView({ rows, marks, label: "Withheld text", isDiff: false, from, pageAt })}
      ${hiddenUnits > 0 ? html`<p class="warning">The text goes on; the rest is too long to show. Reject what you cannot read.</p>` : ""}</section></div>
      ${state === "pending" ? html`<aside class="decision" aria-label="Decision"><h2>Your decision</h2>${consequence(review)}${wholeDecision(review, context, "Release to the agent")}</aside>` : takeBack(review, context)}
    </div>`,
  );
}
