import { html } from "hono/html";
import type { FileChange, FileView, Review } from "../../loop/index.ts";
import { LISTED_FILES_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { formHead, type ReviewContext, signature } from "./decision-form.ts";
import { fileArticle } from "./file-article.ts";
import { reviewPage } from "./review-frame.ts";
import { consequence } from "./words.ts";

export type ChangeSetReview = Extract<Review, { kind: "change-set" }>;

/** The page on which somebody looks at a change set and decides: its files with their differences beside the decision. */
export function changeSetPage(
  review: ChangeSetReview,
  views: ReadonlyMap<number, FileView>,
  context: ReviewContext,
): Html {
  const { files, state, hash, id } = review;
  const isPending = state === "pending";
  const isWritten = state === "applied" || state === "undone";
  const address = `/reviews/${encodeURIComponent(id)}`;
  const listed = foremost(files, LISTED_FILES_MAX);
  const list = html`<section class="files" aria-labelledby="files-heading"><h2 id="files-heading">${plural(files.length, "file")}</h2>
    ${conflicts(review, address)}${lastTry(review)}
    ${listed.map((number) => fileArticle({ file: files[number] as FileChange, number, view: views.get(number), address, choice: isPending || (isWritten && files[number]?.now !== undefined) ? context.draft : undefined, isAsked: isPending }))}
    ${files.length > listed.length ? html`<p class="notice">${plural(files.length - listed.length, "file")} more are not listed here. They can be approved together with the rest, or one by one with <code>ztl approve</code>.</p>` : ""}
  </section>`;
  if (isWritten) return reviewPage(review, context, reversals(review, context, list));
  if (!isPending)
    return reviewPage(review, context, html`${state === "approved" ? afterwards(review, context) : ""}${list}`);
  return reviewPage(
    review,
    context,
    html`<form class="review" method="post" action="${address}/approve" aria-label="Decision" data-choosing>
      ${formHead(context.csrfToken, hash)}
      ${list}
      <aside class="decision" aria-label="Decision"><h2>Your decision</h2>
        ${consequence(review)}
        ${protectedSummary(files)}
        ${signature(context.draft, true)}
        <div class="buttons"><button class="primary" name="scope" value="chosen" data-chosen>Approve chosen files</button>
        <button name="scope" value="all">Approve everything</button>
        <button class="danger" formaction="${address}/reject">Reject</button></div>
        <p class="aside">Bound to <code class="hash" title="${hash}">${hash.slice(0, 16)}</code>: if anything in it changes, your decision does not count.</p>
      </aside></form>`,
  );
}

/** The numbers of so many files, in their order; protected ones go before others, for they need a yes of their own. */
export function foremost(files: readonly FileChange[], count: number): readonly number[] {
  const isOrdinary = (number: number): number => (files[number]?.protectedBecause === undefined ? 1 : 0);
  const numbers = files.map((_, number) => number).sort((a, b) => isOrdinary(a) - isOrdinary(b) || a - b);
  return numbers.slice(0, count).sort((a, b) => a - b);
}

function protectedSummary(files: readonly FileChange[]): Html {
  const count = files.filter(({ protectedBecause }) => protectedBecause !== undefined).length;
  if (count === 0) return html``;
  return html`<p class="warning">${plural(count, "protected file")}: programs run or trust what is in there without asking. Each needs a yes of its own, in its place in the list.</p>`;
}

function conflicts({ conflicts: found, state }: ChangeSetReview, address: string): Html {
  if (found.length === 0) return html``;
  const take = (which: string, text: string): Html =>
    html`<button formaction="${address}/rebase" name="take" value="${which}">${text}</button>`;
  const ways =
    state === "pending"
      ? html`<p>The others can be approved all the same. These can go on over what is on this machine now; nothing is written by it:</p>
    <div class="buttons">${take("merge", "Merge both versions")}${take("host", "Keep this machine’s version")}${take("workspace", "Take the agent’s version")}</div>`
      : "";
  return html`<div class="notice bad"><p>These files are in the way:</p><ul>${found
    .slice(0, 50)
    .map(
      ({ path, reason }) => html`<li><code>${foreign(path, 240)}</code> ${foreign(reason, 400)}</li>`,
    )}</ul>${ways}</div>`;
}

/** What is to be known of the last attempt before another one. */
function lastTry({ lastSync }: ChangeSetReview): Html {
  if (lastSync === undefined) return html``;
  const { outcome, error, spared } = lastSync;
  const why = error === undefined ? "" : html` The reason: ${foreign(error.message, 400)}`;
  const told =
    outcome === "failed" ? html`<p class="notice bad">The last try failed, and nothing was written.${why}</p>` : "";
  const interrupted =
    outcome === "rolled-back"
      ? html`<p class="notice bad">The last try was interrupted, and what it had written was taken back.</p>`
      : "";
  const left =
    spared.length === 0
      ? ""
      : html`<div class="notice bad"><p>Somebody changed these files meanwhile; they are left as they are:</p><ul>${spared
          .slice(0, 50)
          .map(
            ({ path, keptAs }) =>
              html`<li><code>${foreign(path, 240)}</code>${keptAs === undefined ? "" : html` (the version from before is kept as <code>${foreign(keptAs, 240)}</code>)`}</li>`,
          )}</ul></div>`;
  return html`${told}${interrupted}${left}`;
}

/** What was approved and is not on the host yet. */
function afterwards({ id, hash }: ChangeSetReview, { csrfToken, draft }: ReviewContext): Html {
  const address = `/reviews/${encodeURIComponent(id)}`;
  return html`<form class="afterwards" method="post" action="${address}/approve" aria-label="Try again">
    ${formHead(csrfToken, hash)}${signature(draft, false)}
    <div class="buttons"><button name="scope" value="all">Try again</button>
    <button class="danger" formaction="${address}/revoke">Take the yes back</button></div></form>`;
}

/** What was written can be put back, and what was put back written again: all of it, or single files. */
function reversals(review: ChangeSetReview, { csrfToken, draft }: ReviewContext, list: Html): Html {
  const { id, hash, files } = review;
  const address = `/reviews/${encodeURIComponent(id)}`;
  const [written, undone] = (["applied", "undone"] as const).map(
    (now) => files.filter((file) => file.now === now).length,
  );
  const buttons = (count: number | undefined, verb: string, action: string, all: string): Html =>
    count === 0
      ? html``
      : html`<button name="scope" value="chosen" formaction="${address}/${action}" data-chosen="${verb}">${verb} chosen files</button>
        <button name="scope" value="all" formaction="${address}/${action}">${all}</button>`;
  return html`<form class="review" method="post" action="${address}/undo" aria-label="Undo" data-choosing>
    ${formHead(csrfToken, hash)}${list}
    <aside class="decision" aria-label="Undo"><h2>Afterwards</h2>
      <p>Files that somebody has changed since are left as they are.</p>${signature(draft, false)}
      <div class="buttons">${buttons(written, "Undo", "undo", "Undo: put the files back")}
      ${buttons(undone, "Redo", "redo", "Redo: write them again")}</div></aside></form>`;
}
