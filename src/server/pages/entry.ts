import { html } from "hono/html";
import { type Entry, signedText } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { timeElement } from "../show/quantities.ts";
import { rowsOfText } from "../show/text-rows.ts";
import { textView } from "../show/text-view.ts";
import { foreign } from "../show/visible.ts";
import { entrySummary } from "./entry-summary.ts";
import { page } from "./layout.ts";

/** One entry with exactly the text that is hashed and signed. */
export function entryPage(entry: Entry, isLast: boolean, from: number): Html {
  const { index, time, kind, agent, runId, hash, previousHash } = entry;
  const signed = signedText(entry);
  const shown = signed.sealed === undefined ? signed.text : `${signed.text}\n${signed.sealed}`;
  return page({
    title: `Entry ${index}`,
    section: "ledger",
    main: html`<p class="back"><a href="/ledger">Back to the ledger</a></p>
      <div class="heading"><p class="eyebrow">${kind}</p><h1>Entry ${index}</h1></div>
      <p>${entrySummary(entry)}</p>
      <dl class="facts"><div><dt>Recorded</dt><dd>${timeElement(Date.parse(time))} <span class="aside">${time}</span></dd></div>
      ${agent === undefined ? "" : html`<div><dt>Agent</dt><dd>${foreign(agent, 200)}</dd></div>`}
      ${runId === undefined ? "" : html`<div><dt>Run</dt><dd><a href="/runs/${encodeURIComponent(runId)}">${foreign(runId, 100)}</a></dd></div>`}
      <div class="wide"><dt>Hash</dt><dd><code>${hash}</code></dd></div><div class="wide"><dt>Hash of the entry before</dt><dd><code>${previousHash}</code></dd></div></dl>
      <section><h2>What is signed</h2><p class="aside">${signed.hash === hash ? "SHA-256 of a zero byte and the first line is the entry’s hash; the first line has the SHA-256 of the other two." : "The hash of this text is not the entry’s: verify the ledger."}</p>
      ${textView({ rows: rowsOfText(shown).rows, marks: [], label: "Frame, random text and body of the entry", isDiff: false, from, pageAt: (row) => `/ledger/${index}?from=${row}` })}</section>
      <p class="pages">${index > 0 ? html`<a href="/ledger/${index - 1}">Entry ${index - 1}</a>` : ""} ${isLast ? "" : html`<a href="/ledger/${index + 1}">Entry ${index + 1}</a>`}</p>`,
  });
}
