import { html } from "hono/html";
import type { FileView } from "../../loop/index.ts";
import { ROWS_PER_PAGE } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { foreign } from "../show/visible.ts";
import type { ChangeSetReview } from "./change-set.ts";
import { fileFindings, fileText } from "./file-article.ts";
import { page } from "./layout.ts";
import { changeWord, flagBadge } from "./words.ts";

/** All of one file's difference, in pages. Here its name is shown in full. */
export function filePage(review: ChangeSetReview, number: number, view: FileView, from: number): Html {
  const address = `/reviews/${encodeURIComponent(review.id)}`;
  const whole = `${address}/files/${number}`;
  const { path, hostPath, change, flags } = view.change;
  const pageAt = (row: number): string => `${whole}?from=${row - (row % ROWS_PER_PAGE)}`;
  return page({
    title: "One file",
    section: "reviews",
    main: html`<p class="back"><a href="${address}#file-${number}">Back to the decision</a></p>
      <div class="heading"><p class="eyebrow"><span class="badge change-${change}">${changeWord(change)}</span> ${flags.map(flagBadge)}</p>
      <h1 class="path">${foreign(path)}</h1></div>
      <p class="aside">On this machine <code>${foreign(hostPath)}</code></p>
      ${fileFindings(view, "f", pageAt)}
      ${fileText(view, { prefix: "f", from, pageAt })}`,
  });
}
