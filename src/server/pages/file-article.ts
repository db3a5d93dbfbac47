import { html, raw } from "hono/html";
import type { FileChange, FileView } from "../../loop/index.ts";
import { NAME_CHARACTERS_MAX, PREVIEW_ROWS } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { modeText, plural, sizeText } from "../show/quantities.ts";
import { rowsOfDiff } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { foreign, visibleText } from "../show/visible.ts";
import type { Draft } from "./decision-form.ts";
import { findingMarks, findingsList, rowHolding, shownFinding } from "./findings.ts";
import { changeWord, flagBadge } from "./words.ts";

export interface FileArticle {
  readonly file: FileChange;
  /** Its place in the change set: what forms and addresses name it by, for its name is the guest's choice. */
  readonly number: number;
  readonly view: FileView | undefined;
  /** The review's address. */
  readonly address: string;
  /** What is ticked; undefined when there is nothing to choose any more. */
  readonly choice: Draft | undefined;
  /** Whether the choice is what to write: then a protected file asks for a yes of its own. */
  readonly isAsked: boolean;
}

/** One file of a change set: what happens to it, its flags, the beginning of its difference, and its boxes to tick. */
export function fileArticle({ file, number, view, address, choice, isAsked }: FileArticle): Html {
  const { path, change, hostPath, flags, protectedBecause } = file;
  const name = html`<span class="file-name">${foreign(path, NAME_CHARACTERS_MAX)}</span>`;
  const box = html`<input type="checkbox" class="choose" id="choose-${number}" name="file" value="${number}"${choice?.chosen.has(number) ? raw(" checked") : ""}>`;
  return html`<article class="file item" id="file-${number}" aria-label="${visibleText(path).slice(0, NAME_CHARACTERS_MAX)}">
    <header class="file-head">
      ${choice === undefined ? html`<h3>${name}</h3>` : html`<h3>${box}<label for="choose-${number}">${name}</label></h3>`}
      <p class="file-facts"><span class="badge change-${change}">${changeWord(change)}</span> ${counts(view)} ${sizes(file)} ${flags.map(flagBadge)}
        ${file.now === undefined ? "" : html`<span class="badge ${file.now === "applied" ? "good" : "calm"}">${file.now === "applied" ? "written" : "put back"}</span>`}
        ${protectedBecause === undefined ? "" : html`<span class="badge bad">protected</span>`}</p>
      <p class="aside">${moves(file)} on this machine <code>${foreign(hostPath, NAME_CHARACTERS_MAX)}</code></p>
    </header>
    ${protectedBecause === undefined ? "" : protectedBox(file, number, isAsked ? choice : undefined)}
    ${view === undefined ? html`<p class="file-more"><a class="open" href="${address}/files/${number}">Show the difference</a></p>` : difference(view, number, address)}
  </article>`;
}

function protectedBox({ path, protectedBecause }: FileChange, number: number, choice: Draft | undefined): Html {
  if (choice === undefined) return html`<p class="warning">Protected: ${foreign(protectedBecause ?? "", 400)}.</p>`;
  return html`<p class="warning"><input type="checkbox" id="agree-${number}" name="protected" value="${number}"${choice.agreed.has(number) ? raw(" checked") : ""}>
    <label for="agree-${number}">I agree to change <code>${foreign(path, NAME_CHARACTERS_MAX)}</code></label>
    <span class="aside">Protected: ${foreign(protectedBecause ?? "", 400)}.</span></p>`;
}

function counts(view: FileView | undefined): Html {
  if (view?.diff.kind !== "text") return html``;
  const { added, removed } = view.diff;
  return html`<span class="counts" aria-label="${plural(added, "line")} added, ${plural(removed, "line")} removed"><span class="plus">+${added}</span> <span class="minus">−${removed}</span></span>`;
}

function sizes({ baseSizeBytes, newSizeBytes, mode, fileType }: FileChange): Html {
  const before = baseSizeBytes === undefined ? undefined : sizeText(baseSizeBytes);
  const after = newSizeBytes === undefined ? undefined : sizeText(newSizeBytes);
  const size = [before, after].filter((one, index, all) => one !== undefined && all.indexOf(one) === index).join(" → ");
  const rights = mode === undefined || fileType === "symlink" ? "" : ` · ${modeText(mode)}`;
  return html`<span class="aside">${fileType === "file" ? "" : `${fileType} `}${size}${rights}</span>`;
}

function moves({ renamedFrom, symlinkTarget }: FileChange): Html {
  if (renamedFrom !== undefined) return html`was <code>${foreign(renamedFrom, NAME_CHARACTERS_MAX)}</code>,`;
  if (symlinkTarget !== undefined) return html`leads to <code>${foreign(symlinkTarget, NAME_CHARACTERS_MAX)}</code>,`;
  return html``;
}

function difference(view: FileView, number: number, address: string): Html {
  const whole = `${address}/files/${number}`;
  const rows = view.diff.kind === "text" ? rowsOfDiff(view.diff.hunks) : [];
  const left = rows.length - PREVIEW_ROWS;
  return html`${fileFindings(view, `f${number}`, (row) => (row < PREVIEW_ROWS ? "" : pageOf(whole, row)))}
    ${fileText(view, { prefix: `f${number}`, count: PREVIEW_ROWS })}
    ${left > 0 ? html`<p class="file-more"><a class="open" href="${whole}">Show all of this file: ${plural(left, "more row")}</a></p>` : ""}`;
}

/** `pageWith` gives the address of the page that shows a row. */
export function fileFindings(view: FileView, prefix: string, pageWith: (row: number) => string): Html {
  if (view.findings.length === 0) return html``;
  const rows = view.diff.kind === "text" ? rowsOfDiff(view.diff.hunks) : [];
  const list = findingsList(view.findings.map(shownFinding), ({ start }, index) => {
    const row = rowHolding(rows, start);
    return row === undefined ? undefined : `${pageWith(row)}#${prefix}-${index}`;
  });
  const isGrave = view.findings.some(({ severity }) => !["info", "low"].includes(severity));
  return html`<div class="notice ${isGrave ? "bad" : "calm"}"><p>The guard sees something in the new content:</p>${list}</div>`;
}

export interface Excerpt {
  readonly prefix: string;
  readonly from?: number;
  readonly count?: number;
  readonly pageAt?: (from: number) => string;
}

/** The difference itself, or why there is none to show. */
export function fileText({ change, diff, findings }: FileView, excerpt: Excerpt): Html {
  if (diff.kind !== "text") return html`<p class="file-note">${foreign(diff.note, 1000)}</p>`;
  const { prefix, ...range } = excerpt;
  const rows = rowsOfDiff(diff.hunks);
  if (rows.length === 0) return html`<p class="file-note">The content has no lines that differ.</p>`;
  const marks = findingMarks(findings.map(shownFinding), prefix);
  return html`${textView({ rows, marks, label: `Difference of ${visibleText(change.path).slice(0, NAME_CHARACTERS_MAX)}`, isDiff: true, ...range })}
    ${diff.truncated ? html`<p class="warning">The difference is longer than what is compared: the rest of it is not shown.</p>` : ""}`;
}

/** The address of the page of a file that shows a row. */
export function pageOf(whole: string, row: number): string {
  return `${whole}?from=${row}`;
}
