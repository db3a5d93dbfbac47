import { html } from "hono/html";
import { inSlices, mapInSlices } from "../../base/pace.ts";
import type { FileChange, FileView, Review } from "../../loop/index.ts";
import { LISTED_FILES_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { formHead, type ReviewContext, signature } from "./decision-form.ts";
import { type Directory, directoriesSection } from "./directories.ts";
import { fileArticle } from "./file-article.ts";
import { reviewPage } from "./review-frame.ts";
import { consequence } from "./words.ts";

export type ChangeSetReview = Extract<Review, { kind: "change-set" }>;

/** The page on which somebody looks at a change set and decides: its files with their differences beside the decision. */
export async function changeSetPage(
  review: ChangeSetReview,
  { views, from, directories }: Opened,
  context: ReviewContext,
): Promise<Html> {
  const { files, state, hash, id } = review;
  const isPending = state === "pending";
  const isWritten = state === "applied" || state === "undone";
  const address = `/reviews/${encodeURIComponent(id)}`;
  const listed = await foremost(files, LISTED_FILES_MAX, from);
  const articles = await mapInSlices(listed, (number) =>
    fileArticle({
      ...{ file: files[number] as FileChange, number, view: views.get(number), address, isAsked: isPending },
      choice: isPending || (isWritten && files[number]?.now !== undefined) ? context.draft : undefined,
    }),
  );
  const list = html`<section class="files" aria-labelledby="files-heading"><h2 id="files-heading">${plural(files.length, "file")}</h2>
    ${conflicts(review, address)}${lastTry(review)}${isPending ? directoriesSection(directories) : ""}
    ${articles}
    ${otherPages(files.length, from, address)}
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

/** Where in a long list a page begins, and the differences that it shows by itself. */
export interface Opened {
  readonly views: ReadonlyMap<number, FileView>;
  readonly from: number;
  readonly directories: readonly Directory[];
}

/**
 * The numbers of so many files, in their order. In the list that is gone through, protected ones come before others, for they need a
 * yes of their own.
 */
export async function foremost(files: readonly FileChange[], count: number, from = 0): Promise<readonly number[]> {
  const [guarded, ordinary]: [number[], number[]] = [[], []];
  await inSlices(files, ({ protectedBecause }, number) =>
    (protectedBecause === undefined ? ordinary : guarded).push(number),
  );
  const isOrdinaryFrom = Math.max(0, from - guarded.length);
  const page = [...guarded.slice(from, from + count), ...ordinary.slice(isOrdinaryFrom, isOrdinaryFrom + count)];
  return page.slice(0, count).sort((a, b) => a - b);
}

/** What was ticked on another page is not sent with this one. */
function otherPages(count: number, from: number, address: string): Html {
  if (count <= LISTED_FILES_MAX) return html``;
  const last = Math.min(from + LISTED_FILES_MAX, count);
  const link = (start: number, text: string): Html =>
    start < 0 || start >= count ? html`` : html`<a href="${address}?from=${start}#files-heading">${text}</a>`;
  return html`<p class="notice">Files ${(from + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${count.toLocaleString("en")}.
    What you tick here is decided from here: each page of files has choices of its own.</p>
    <p class="pages">${from === 0 ? "" : link(Math.max(0, from - LISTED_FILES_MAX), "Files before")} ${link(from + LISTED_FILES_MAX, "More files")}</p>`;
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
