import { html } from "hono/html";
import type { Entry, SignedHead, Verification } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { plural, timeElement } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";
import { entrySummary } from "./entry-summary.ts";
import { page } from "./layout.ts";

export interface LedgerView {
  readonly head: SignedHead | undefined;
  /** Newest first. */
  readonly entries: readonly Entry[];
  /** Where the next page begins; undefined on the last one. */
  readonly before?: number | undefined;
  readonly isFirst: boolean;
  readonly verified?: Verified | undefined;
}

export interface Verified {
  readonly result: Verification;
  readonly atMs: number;
  readonly tookMs: number;
}

/** The record of everything, and whether it hangs together. */
export function ledgerPage({ head, entries, before, isFirst, verified }: LedgerView): Html {
  return page({
    title: "Ledger",
    section: "ledger",
    ...(isFirst ? { live: "ledger" as const } : {}),
    main: html`<div class="heading"><h1>Ledger</h1><p class="aside">${head === undefined ? "" : plural(head.size, "entry").replace("entrys", "entries")}</p></div>
      ${head === undefined ? empty() : html`${verification(verified)}${anchor(head)}${list(entries)}`}
      <p class="pages">${isFirst ? "" : html`<a href="/ledger">Newest</a>`} ${before === undefined ? "" : html`<a href="/ledger?before=${before}">Older entries</a>`}</p>`,
  });
}

function verification(verified: Verified | undefined): Html {
  return html`<section class="verify ${verified === undefined ? "" : verified.result.ok ? "good" : "bad"}" aria-label="Verification">${statement(verified)}
    <form method="get" action="/ledger"><button name="verify" value="now">${verified === undefined ? "Verify now" : "Verify again"}</button></form></section>`;
}

function statement(verified: Verified | undefined): Html {
  if (verified === undefined) {
    return html`<div><p class="big">Not verified yet</p><p>Checking every entry, signature and blob may take some seconds.</p></div>`;
  }
  const { result, atMs, tookMs } = verified;
  const when = html`<span class="aside">${timeElement(atMs)}, in ${Math.max(1, Math.round(tookMs)).toLocaleString("en")} ms</span>`;
  if (!result.ok) {
    const { code, index, message } = result.problem;
    return html`<div><p class="big">This ledger was changed or damaged</p><p>${foreign(message, 1000)} <code>${code}</code>${index === undefined ? "" : html` Nothing from entry ${index} on can be relied on.`}</p>${when}</div>`;
  }
  const { entries, heads, blobs } = result;
  return html`<div><p class="big">Whole and signed</p><p>${entries.toLocaleString("en")} entries in one chain, ${plural(heads, "signed head")}, ${plural(blobs, "blob")} with the right hashes.</p>${when}</div>`;
}

function anchor({ line, size }: SignedHead): Html {
  return html`<section class="anchor"><h2 class="small"><label for="head">The head of entry ${size - 1}: keep this line somewhere else, and nobody can put the ledger back to an earlier state unseen</label></h2>
    <textarea id="head" class="head-line" readonly rows="3" spellcheck="false">${line}</textarea>
    <p class="aside">Check against it with <code>ztl ledger verify --anchor</code>. <button type="button" class="quiet" data-copy="head" hidden>Copy</button></p></section>`;
}

function list(entries: readonly Entry[]): Html {
  return html`<section><h2>Entries</h2><ol class="entries">${entries.map(
    (entry) =>
      html`<li class="item" id="entry-${entry.index}"><a class="index open" href="/ledger/${entry.index}">#${entry.index}</a>
        <span class="entry-kind">${entry.kind}</span> <span class="entry-text">${entry.agent === undefined ? "" : html`${foreign(entry.agent, 80)}: `}${entrySummary(entry)}</span>
        <span class="when">${timeElement(Date.parse(entry.time))}</span></li>`,
  )}</ol></section>`;
}

function empty(): Html {
  return html`<section class="empty"><p class="big">The ledger is empty.</p><p>Every step of every call is recorded here, signed and
    chained to the one before, so that nothing can be changed or left out later without being noticed.</p></section>`;
}
